import { z } from 'zod'
import { operator } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import type { ApiNeeds } from '../needs.ts'
import { isoTime } from '../shapes.ts'

const uptime = z.number().nullable().describe('Percent; null: nothing is known.')
const health = z
  .object({
    service: z.string(),
    port: z.int(),
    state: z.string(),
    since: isoTime,
    cause: z.string().nullable().describe('What the last failed probe met, in one word.'),
    reason: z.string().nullable(),
    lastCheckAt: isoTime.nullable(),
    responseMs: z.number().nullable().describe('Of the last answer.'),
    consecutiveFailures: z.int(),
    uptime: z.object({ day: uptime, week: uptime, month: uptime }),
  })
  .meta({ id: 'ServiceHealth' })

/** How every service is, and how it was. */
export const healthRoutes = ({ listHealth }: Pick<ApiNeeds, 'listHealth'>): Route[] => [
  route({
    id: 'listHealth',
    method: 'get',
    path: '/api/v1/admin/health',
    tag: 'fleet',
    summary: 'The health of every service: state, cause, last check, response time, uptime.',
    access: operator,
    answers: {
      200: {
        description: 'The services by port.',
        schema: z.object({ services: z.array(health) }),
      },
    },
    handle: async () => answer(200, { services: await listHealth() }),
  }),
]
