import { z } from 'zod'
import { AUTH_TYPES, FIELD_TYPES, type Service } from '../../model/service.ts'
import type { ApiNeeds } from '../needs.ts'
import { anyone } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'

const PAGE = 100

const query = z.object({
  category: z.string().max(100).optional(),
  q: z.string().max(200).optional().describe('Looked for in name and description.'),
  cursor: z.string().max(100).optional().describe('nextCursor of the page before.'),
})

const catalogued = z
  .object({
    name: z.string(),
    displayName: z.string(),
    description: z.string(),
    category: z.string(),
    iconUrl: z.string().nullable(),
    status: z.enum(['available', 'planned', 'unverified']),
    documentation: z.string(),
    auth: z.object({
      type: z.enum(AUTH_TYPES),
      fields: z.array(
        z.object({
          name: z.string(),
          type: z.enum(FIELD_TYPES),
          required: z.boolean(),
          description: z.string(),
        }),
      ),
    }),
    tools: z.int().describe('How many tools it offers.'),
  })
  .meta({ id: 'Service' })

const page = z.object({ services: z.array(catalogued), nextCursor: z.string().nullable() })

/** The catalogue: what a user can enter a key for. Sorted by name; the cursor is the last name of a page. */
export const serviceRoutes = ({ services }: Pick<ApiNeeds, 'services'>): Route[] => [
  route({
    id: 'listServices',
    method: 'get',
    path: '/api/v1/services',
    tag: 'services',
    summary: 'The services that a key can be entered for, 100 a page.',
    access: anyone,
    query,
    answers: { 200: { description: 'A page of services by name.', schema: page } },
    etag: true,
    handle: ({ query: { category, q, cursor } }) => {
      const found = services()
        .filter(
          (service) =>
            (category === undefined || service.category === category) && matches(service, q),
        )
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .filter((service) => cursor === undefined || service.name > cursor)
      const shown = found.slice(0, PAGE)
      const nextCursor = found.length > PAGE ? (shown.at(-1)?.name ?? null) : null
      return answer(200, { services: shown.map(toView), nextCursor })
    },
  }),
]

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
  status: service.status ?? ('available' as const),
  documentation: service.api.documentation,
  auth: { type: service.auth.type, fields: [...service.auth.fields] },
  tools: service.tools.length,
})
