import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import type { ServiceState } from '../../model/fleet.ts'
import { open } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'

const tag = 'liveness'
const alive = z.object({ status: z.literal('alive'), pid: z.int() })
const readiness = z
  .object({ status: z.enum(['ready', 'starting']), up: z.int(), total: z.int() })
  .meta({ id: 'Readiness' })

type Needs = Pick<ApiNeeds, 'fleetStatus'>

/** `/health`: the daemon lives. `/ready`: it can serve. */
export const livenessRoutes = (needs: Needs): Route[] => [healthRoute(), readyRoute(needs)]

const healthRoute = () =>
  route({
    id: 'health',
    method: 'get',
    path: '/health',
    tag,
    summary: 'Whether the daemon lives.',
    access: open,
    answers: { 200: { description: 'It does.', schema: alive } },
    handle: () => answer(200, { status: 'alive' as const, pid: process.pid }),
  })

const UP: readonly ServiceState[] = ['healthy', 'planned', 'degraded']
/** What an operator or the supervisor has taken out of service is not waited for. */
const OUT: readonly ServiceState[] = ['stopped', 'quarantined']

/**
 * Ready from when every service that shall run has answered, or had its time, as long as any of them is up: one that fails
 * later, or starts, is no reason to send nobody to all the others.
 */
const readyRoute = ({ fleetStatus }: Needs) => {
  let hasStarted = false
  return route({
    id: 'ready',
    method: 'get',
    path: '/ready',
    tag,
    summary: 'Whether the services have started, and any is up.',
    access: open,
    answers: {
      200: { description: 'They have.', schema: readiness },
      503: { description: 'Some still start, or none is up.', schema: readiness },
    },
    handle: () => {
      const wanted = fleetStatus().services.filter(({ state }) => !OUT.includes(state))
      const up = wanted.filter(({ state }) => UP.includes(state)).length
      const total = wanted.length
      hasStarted ||= wanted.every(({ state }) => state !== 'starting')
      return hasStarted && (up > 0 || total === 0)
        ? answer(200, { status: 'ready', up, total } as const)
        : answer(503, { status: 'starting', up, total } as const)
    },
  })
}
