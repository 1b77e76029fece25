import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { open } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'

const tag = 'liveness'
const alive = z.object({ status: z.literal('alive'), pid: z.int() })
const readiness = z
  .object({ status: z.enum(['ready', 'starting']), up: z.int(), total: z.int() })
  .meta({ id: 'Readiness' })

/** `/health`: the daemon lives. `/ready`: every service has answered, or what is missing. */
export const livenessRoutes = ({ fleetStatus }: Pick<ApiNeeds, 'fleetStatus'>): Route[] => [
  route({
    id: 'health',
    method: 'get',
    path: '/health',
    tag,
    summary: 'Whether the daemon lives.',
    access: open,
    answers: { 200: { description: 'It does.', schema: alive } },
    handle: () => answer(200, { status: 'alive' as const, pid: process.pid }),
  }),
  route({
    id: 'ready',
    method: 'get',
    path: '/ready',
    tag,
    summary: 'Whether every service has answered.',
    access: open,
    answers: {
      200: { description: 'Every one has.', schema: readiness },
      503: { description: 'Some have not.', schema: readiness },
    },
    handle: () => {
      const { services } = fleetStatus()
      const up = services.filter(({ state }) => state === 'healthy' || state === 'planned').length
      const total = services.length
      return up === total
        ? answer(200, { status: 'ready', up, total } as const)
        : answer(503, { status: 'starting', up, total } as const)
    },
  }),
]
