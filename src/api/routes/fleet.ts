import { z } from 'zod'
import type { Changes } from '../../model/fleet.ts'
import { serviceUnknown } from '../../model/service-unknown.ts'
import type { ApiNeeds } from '../needs.ts'
import { admin, operator } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { fleetStatusShape, leftOutShape } from './fleet-shapes.ts'

const tag = 'fleet'
const names = z.array(z.string())
const someServices = z.strictObject({ services: z.array(z.string().max(100)).min(1).max(5_000) })
const change = z
  .object({
    action: z.enum(['add', 'remove', 'change']),
    kind: z.enum(['host', 'service']),
    name: z.string(),
    host: z.string(),
    fields: names,
  })
  .meta({ id: 'Change' })
const slip = z.object({
  service: z.string(),
  file: z.string(),
  path: z.string(),
  message: z.string(),
})
const changes = z.object({
  changes: z.array(change),
  leftOut: z.array(leftOutShape),
  slips: z.array(slip),
})

type FleetNeeds = Pick<ApiNeeds, 'fleet' | 'services' | 'fleetStatus' | 'migrationStatus'>

/** What the operator sees of the running fleet, and does with it. */
export const fleetRoutes = (needs: FleetNeeds): Route[] => [
  ...viewRoutes(needs),
  route({
    id: 'applyPlan',
    method: 'post',
    path: '/api/v1/admin/apply',
    tag,
    summary: 'Change the running fleet to what is wanted.',
    access: admin,
    answers: { 200: { description: 'What was changed.', schema: changes } },
    errors: ['registry_invalid', 'pm2_failed', 'pm2_unreachable', 'host_unreachable'],
    audit: () => ({ action: 'fleet.apply', target: '' }),
    handle: async () => answer(200, toBody(await needs.fleet.apply())),
  }),
  ...actionRoutes(needs),
]

const viewRoutes = ({ fleet, fleetStatus, migrationStatus }: FleetNeeds): Route[] => [
  route({
    id: 'fleetStatus',
    method: 'get',
    path: '/api/v1/admin/fleet',
    tag,
    summary: 'Services, hosts and daemon, as berth status shows them.',
    access: operator,
    answers: { 200: { description: 'The fleet.', schema: fleetStatusShape } },
    handle: () => answer(200, fleetStatus()),
  }),
  route({
    id: 'databaseStatus',
    method: 'get',
    path: '/api/v1/admin/database',
    tag,
    summary: 'The version of the schema.',
    access: operator,
    answers: {
      200: {
        description: 'The version it has and the newest there is.',
        schema: z.object({ version: z.int(), newest: z.int() }),
      },
    },
    handle: async () => answer(200, await migrationStatus()),
  }),
  route({
    id: 'plan',
    method: 'get',
    path: '/api/v1/admin/plan',
    tag,
    summary: 'What apply would change.',
    access: operator,
    answers: { 200: { description: 'The differences.', schema: changes } },
    errors: ['registry_invalid'],
    handle: async () => answer(200, toBody(await fleet.plan())),
  }),
]

const ACTIONS = [
  { action: 'restart', done: 'restarted', does: 'restart' },
  { action: 'stop', done: 'stopped', does: 'stopServices' },
  { action: 'start', done: 'started', does: 'startServices' },
] as const

const actionRoutes = ({ fleet, services }: FleetNeeds): Route[] =>
  ACTIONS.map(({ action, done, does }) =>
    route({
      id: `${action}Services`,
      method: 'post',
      path: `/api/v1/admin/services/${action}`,
      tag,
      summary: `Services that shall ${action}; the rest of the fleet is not touched.`,
      access: admin,
      body: someServices,
      answers: {
        200: { description: 'It is done.', schema: z.object({ [done]: names }) },
      },
      errors: ['service_unknown', 'pm2_failed', 'pm2_unreachable', 'host_unreachable'],
      audit: ({ body }) => ({
        action: `fleet.${action}`,
        target: body.services.join(','),
      }),
      handle: async ({ body }) => {
        refuseUnknown(services().map(({ name }) => name), body.services) // prettier-ignore
        await fleet[does](body.services)
        return answer(200, { [done]: body.services })
      },
    }),
  )

const toBody = ({ changes: all, leftOut: out, slips = [] }: Changes) => ({
  changes: all,
  leftOut: [...out],
  slips: [...slips],
})

/** @throws AppError `service_unknown` naming all that are */
const refuseUnknown = (known: readonly string[], wanted: readonly string[]): void => {
  const unknown = wanted.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw serviceUnknown(unknown, known)
}
