import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { operator } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'

const tag = 'fleet'

const overview = z
  .object({
    service: z.string(),
    displayName: z.string(),
    category: z.string(),
    port: z.int(),
    state: z.string().describe('As in the status of the fleet.'),
    tools: z.int(),
    instances: z.int(),
    active: z.int().describe('Of the instances, those that are not paused.'),
  })
  .meta({ id: 'ServiceOverview' })

type OverviewNeeds = Pick<ApiNeeds, 'services' | 'fleetStatus' | 'countInstances'>

/** The catalogue as the operator sees it. */
export const overviewRoutes = (needs: OverviewNeeds): Route[] => [
  route({
    id: 'listServiceOverviews',
    method: 'get',
    path: '/api/v1/admin/services',
    tag,
    summary: 'Every service with its port, its state and how many have a key for it.',
    access: operator,
    answers: {
      200: { description: 'The services by name.', schema: z.object({ services: z.array(overview) }) }, // prettier-ignore
    },
    handle: async () => answer(200, { services: await overviews(needs) }),
  }),
]

const overviews = async ({ services, fleetStatus, countInstances }: OverviewNeeds) => {
  const counts = new Map((await countInstances()).map((one) => [one.service, one]))
  const states = new Map(fleetStatus().services.map((one) => [one.service, one.state]))
  return services()
    .map((service) => ({
      service: service.name,
      displayName: service.displayName,
      category: service.category,
      port: service.port,
      state: states.get(service.name) ?? 'stopped',
      tools: service.tools.length,
      instances: counts.get(service.name)?.instances ?? 0,
      active: counts.get(service.name)?.active ?? 0,
    }))
    .sort((a, b) => (a.service < b.service ? -1 : 1))
}
