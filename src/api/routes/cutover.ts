import { z } from 'zod'
import { CUTOVER_OUTCOMES, CUTOVER_STEPS } from '../../model/cutover.ts'
import type { ApiNeeds } from '../needs.ts'
import { admin, anyone, operator } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { isoTime } from '../shapes.ts'

const tag = 'cutover'
const path = '/api/v1/admin/cutover'

const figures = z.looseObject({ verdict: z.string() })
const comparison = z.object({
  decision: z.enum(['worse', 'not worse', 'hold']),
  requests: z.int().describe('By each path, as far as they can be compared.'),
  lookedAt: z.int(),
  latency: figures.nullable(),
  tails: figures.nullable(),
  errors: figures,
})
const decision = z.object({
  at: isoTime,
  step: z.string(),
  percent: z.number(),
  decision: z.string(),
  reason: z.string(),
})
const cutover = z
  .object({
    id: z.int(),
    step: z.enum(CUTOVER_STEPS),
    number: z.int().describe('1 to 7.'),
    state: z.enum(['running', 'ending', ...CUTOVER_OUTCOMES]),
    isDone: z.boolean().describe('Whether the step is done.'),
    problem: z.string().nullable(),
    waitsFor: z.string().nullable().describe('Why the next move must not be made yet.'),
    skippedHook: z.string().nullable().describe('What the stop hook failed with, when the operator went past it.'), // prettier-ignore
    services: z.array(z.string()).describe('Of moved instances.'),
    isAutomatic: z.boolean(),
    percents: z.array(z.number()),
    percent: z.number().describe('Of moved instances, served by the shared fleet now.'),
    startedAt: isoTime,
    endedAt: isoTime.nullable(),
    reason: z.string().nullable(),
    comparison: comparison.nullable(),
    decisions: z.array(decision),
  })
  .meta({ id: 'Cutover' })
const now = z.object({ cutover: cutover.nullable() })
const ways = z.record(z.string().max(100), z.enum(['old', 'shared']))
const routing = z.object({ percent: z.number(), users: ways, services: ways }).meta({ id: 'OldRouting' }) // prettier-ignore
const oldUser = z.object({
  email: z.string(),
  userId: z.string(),
  service: z.string(),
  instanceId: z.string(),
  lastUsedAt: isoTime,
  requests: z.int(),
})

const NOTICE = 'Your services move to a new home. Your addresses go on working; new ones will come.'
const UNKNOWN = 'Also while it is not known that the new path is no worse'

/** From the older model to this one. */
export const cutoverRoutes = ({ cutover: desk }: Pick<ApiNeeds, 'cutover'>): Route[] => [
  ...beginRoutes(desk),
  moveRoute(desk, {
    name: 'advance',
    summary: 'Go on to the next step, when its check is passed.',
    forced: `${UNKNOWN}, and past a stop hook that failed.`,
  }),
  moveRoute(desk, {
    name: 'finish',
    summary: 'All that was moved is served here from now on.',
    forced: `${UNKNOWN}.`,
  }),
  route({
    id: 'abortCutover',
    method: 'post',
    path: `${path}/abort`,
    tag,
    summary: 'Everything back to the old server, from any step.',
    access: admin,
    answers: { 200: { description: 'The cutover.', schema: now } },
    errors: ['cutover_held', 'cutover_none'],
    audit: () => ({ action: 'cutover.abort', target: '' }),
    handle: async () => {
      await desk.abort()
      return answer(200, { cutover: await desk.status() })
    },
  }),
  ...oldRoutingRoutes(desk),
  ...oldUrlRoutes(desk),
]

const beginRoutes = (desk: ApiNeeds['cutover']): Route[] => [
  route({
    id: 'cutoverStatus',
    method: 'get',
    path,
    tag,
    summary: 'The cutover that is under way, or the last one.',
    access: operator,
    answers: { 200: { description: 'The cutover, if there was one.', schema: now } },
    handle: async () => answer(200, { cutover: await desk.status() }),
  }),
  route({
    id: 'startCutover',
    method: 'post',
    path: `${path}/start`,
    tag,
    summary: 'Begin a cutover: the old server serves everything, and users are given notice.',
    access: admin,
    body: z.strictObject({
      automatic: z.boolean().default(false).describe('Go on by itself.'),
      notice: z.string().min(1).max(500).regex(/^[\x20-\x7e]+$/, 'must be printable ASCII: it is an HTTP header').default(NOTICE), // prettier-ignore
    }),
    answers: { 201: { description: 'The cutover.', schema: now } },
    errors: ['cutover_held', 'config_invalid'],
    audit: ({ body }) => ({ action: 'cutover.start', target: '', details: { automatic: body.automatic } }), // prettier-ignore
    handle: async ({ body }) => {
      await desk.start({ isAutomatic: body.automatic, notice: body.notice })
      return answer(201, { cutover: await desk.status() })
    },
  }),
]

const moveRoute = (
  desk: ApiNeeds['cutover'],
  { name, summary, forced }: { name: 'advance' | 'finish'; summary: string; forced: string },
): Route =>
  route({
    id: `${name}Cutover`,
    method: 'post',
    path: `${path}/${name}`,
    tag,
    summary,
    access: admin,
    body: z.strictObject({ force: z.boolean().default(false).describe(forced) }),
    answers: { 200: { description: 'The cutover.', schema: now } },
    errors: ['cutover_held', 'cutover_none', 'config_invalid'],
    audit: ({ body }) => ({ action: `cutover.${name}`, target: '', details: { force: body.force } }), // prettier-ignore
    handle: async ({ body }) => {
      await desk[name](body.force)
      return answer(200, { cutover: await desk.status() })
    },
  })

const oldRoutingRoutes = (desk: ApiNeeds['cutover']): Route[] => [
  route({
    id: 'oldRouting',
    method: 'get',
    path: `${path}/routing`,
    tag,
    summary: 'Which moved instances are served here under their old URLs.',
    access: operator,
    answers: { 200: { description: 'The routing.', schema: routing } },
    handle: async () => answer(200, await desk.routing()),
  }),
  route({
    id: 'changeOldRouting',
    method: 'patch',
    path: `${path}/routing`,
    tag,
    summary: 'Route by share, by user id and by service; what is given replaces what was.',
    access: admin,
    body: z.strictObject({ percent: z.number().min(0).max(100).optional(), users: ways.optional(), services: ways.optional() }), // prettier-ignore
    answers: { 200: { description: 'The routing.', schema: routing } },
    errors: ['service_unknown', 'user_unknown'],
    audit: ({ body }) => ({ action: 'cutover.route', target: '', details: { percent: body.percent ?? 'as it was' } }), // prettier-ignore
    handle: async ({ body: { percent, users, services } }) =>
      answer(200, await desk.changeRouting({ ...(percent !== undefined && { percent }), ...(users && { users }), ...(services && { services }) })), // prettier-ignore
  }),
]

const oldUrlRoutes = (desk: ApiNeeds['cutover']): Route[] => [
  route({
    id: 'oldUrlUsers',
    method: 'get',
    path: `${path}/old-urls`,
    tag,
    summary: 'Who still uses old URLs, the last user first.',
    access: operator,
    query: z.object({ since: isoTime.optional() }),
    answers: { 200: { description: 'Users.', schema: z.object({ users: z.array(oldUser) }) } },
    handle: async ({ query: { since } }) => {
      const users = await desk.listOldUsers(since === undefined ? new Date(0) : new Date(since))
      return answer(200, { users: users.map(({ lastUsedAt, ...user }) => ({ ...user, lastUsedAt: lastUsedAt.toISOString() })) }) // prettier-ignore
    },
  }),
  route({
    id: 'notice',
    method: 'get',
    path: '/api/v1/notice',
    tag,
    summary: 'What users are to be told now.',
    access: anyone,
    answers: {
      200: {
        description: 'The notice, while there is one.',
        schema: z.object({ notice: z.object({ text: z.string(), since: isoTime }).nullable() }),
      },
    },
    handle: async () => answer(200, { notice: await desk.notice() }),
  }),
]
