import { Router } from 'express'
import { z } from 'zod'
import type { Service } from '../../model/service.ts'
import type { ApiNeeds } from '../needs.ts'
import { requireAnyone } from '../identify.ts'
import { parseInput } from '../validate.ts'

const PAGE = 100

const query = z.object({
  category: z.string().optional(),
  q: z.string().max(200).optional(),
  cursor: z.string().max(100).optional(),
})

/** The catalogue: what a user can enter a key for. Sorted by name; the cursor is the last name of a page. */
export const serviceRoutes = ({
  services,
  identify,
}: Pick<ApiNeeds, 'services' | 'identify'>): Router => {
  const router = Router()
  router.get('/services', async (request, response) => {
    await requireAnyone(identify, request)
    const { category, q, cursor } = parseInput(query, request.query)
    const found = services()
      .filter(
        (service) =>
          (category === undefined || service.category === category) && matches(service, q),
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .filter((service) => cursor === undefined || service.name > cursor)
    const page = found.slice(0, PAGE)
    const nextCursor = found.length > PAGE ? (page.at(-1)?.name ?? null) : null
    response.json({ services: page.map(toView), nextCursor })
  })
  return router
}

const matches = (service: Service, q: string | undefined): boolean =>
  q === undefined ||
  [service.name, service.displayName, service.description].some((text) =>
    text.toLowerCase().includes(q.toLowerCase()),
  )

const toView = (service: Service) => ({
  name: service.name,
  displayName: service.displayName,
  description: service.description,
  category: service.category,
  iconUrl: service.iconUrl ?? null,
  status: service.status ?? 'available',
  documentation: service.api.documentation,
  auth: { type: service.auth.type, fields: service.auth.fields },
  tools: service.tools.length,
})
