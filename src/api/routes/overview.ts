import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type { ApiNeeds } from '../needs.ts'
import { operator } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { isoTime } from '../shapes.ts'

const tag = 'fleet'
const MAX_ROWS = 1_000
const DAY_MS = 24 * 3_600_000

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

const usage = z
  .object({
    name: z.string().describe('The service, or the email of the user.'),
    requests: z.number(),
    errors: z.number().describe('Answered with 400 or more, or cut off.'),
    bytesIn: z.number(),
    bytesOut: z.number(),
    meanLatencyMs: z.number().nullable().describe('null: all were streams'),
  })
  .meta({ id: 'Usage' })

const span = z.object({
  from: isoTime.optional().describe('By default a day before the end.'),
  to: isoTime.optional().describe('By default now.'),
  by: z.enum(['service', 'user']).default('service'),
})

type OverviewNeeds = Pick<ApiNeeds, 'services' | 'fleetStatus' | 'countInstances' | 'sumUsage'>

/** The catalogue as the operator sees it, and what was done with it. */
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
  route({
    id: 'usage',
    method: 'get',
    path: '/api/v1/admin/usage',
    tag,
    summary: 'What went through the gateways, by service or by user, the most used first.',
    access: operator,
    query: span,
    answers: {
      200: {
        description: 'The sums over whole hours.',
        schema: z.object({ from: isoTime, to: isoTime, usage: z.array(usage) }),
      },
    },
    handle: async ({ query }) => {
      const to = query.to === undefined ? new Date() : new Date(query.to)
      const from = query.from === undefined ? new Date(to.getTime() - DAY_MS) : new Date(query.from)
      if (from.getTime() < 0 || from >= to)
        throw new AppError('invalid_request', 'from lies before to, and after 1970.')
      const rows = await needs.sumUsage({ from, to, by: query.by, limit: MAX_ROWS })
      return answer(200, { from: from.toISOString(), to: to.toISOString(), usage: rows })
    },
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
