import { z } from 'zod'
import { AppError } from '../../base/errors.ts'
import type { UsageQuery, UsageSum } from '../../model/usage.ts'
import { operator, reads } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { checkService } from '../known-names.ts'
import { toCsv } from '../csv.ts'
import type { ApiNeeds } from '../needs.ts'
import { isoTime, searched } from '../shapes.ts'

const MAX_ROWS = 10_000
const DAY_MS = 24 * 3_600_000

const usage = z
  .object({
    at: isoTime
      .optional()
      .describe('When the hour or day began; absent in a sum over the whole time.'),
    name: z
      .string()
      .describe(
        'Service, email, instance, or service/tool; nothing behind the slash: no tool was called.',
      ),
    requests: z.number(),
    errors: z.number().describe('Answered with 400 or more, cut off, or a tool that failed.'),
    bytesIn: z.number(),
    bytesOut: z.number(),
    meanLatencyMs: z.number().nullable().describe('null: all were streams'),
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
    p99Ms: z.number().nullable(),
  })
  .meta({ id: 'Usage' })

const answerShape = z.object({ from: isoTime, to: isoTime, usage: z.array(usage) })
const answers = {
  200: {
    description:
      'The sums over whole hours, those older than 90 days over whole days (UTC); as CSV with `Accept: text/csv` or `format=csv`.',
    schema: answerShape,
    csv: true,
  },
} as const

const span = {
  from: isoTime.optional().describe('By default a day before the end.'),
  to: isoTime.optional().describe('By default now.'),
  per: z.enum(['hour', 'day']).optional().describe('By default one sum over the whole time.'),
  service: searched(100).optional(),
  format: z.enum(['json', 'csv']).optional(),
}
const ownSpan = z.object({
  ...span,
  by: z.enum(['service', 'instance', 'tool']).default('service'),
})
const anySpan = z.object({
  ...span,
  by: z.enum(['service', 'user', 'instance', 'tool']).default('service'),
  user: searched(320).optional().describe('An email.'),
})

type UsageNeeds = Pick<ApiNeeds, 'sumUsage' | 'listIdle' | 'services' | 'isInHistory'>
type Span = Omit<z.output<typeof anySpan>, 'user'>

/** What went through the gateways: for users their own, for operators everybody's. */
export const usageRoutes = (needs: UsageNeeds): Route[] => [
  route({
    id: 'ownUsage',
    method: 'get',
    path: '/api/v1/user/usage',
    tag: 'instances',
    summary: 'What went through your instances.',
    access: reads,
    query: ownSpan,
    answers,
    errors: ['service_unknown'],
    handle: ({ query, caller, origin }) =>
      answerUsage(needs, query, { owner: { userId: caller.userId }, accept: origin.accept }),
  }),
  route({
    id: 'usage',
    method: 'get',
    path: '/api/v1/admin/usage',
    tag: 'fleet',
    summary: 'What went through the gateways, the most used first.',
    access: operator,
    query: anySpan,
    answers,
    errors: ['service_unknown'],
    handle: ({ query: { user: email, ...query }, origin }) =>
      answerUsage(needs, query, { owner: { email }, accept: origin.accept }),
  }),
  idleRoute(needs),
]

const idle = z
  .object({
    instanceId: z.string(),
    email: z.string().nullable(),
    service: z.string(),
    createdAt: isoTime,
    lastUsedAt: isoTime.nullable(),
  })
  .meta({ id: 'IdleInstance' })

const idleRoute = ({ listIdle }: UsageNeeds): Route =>
  route({
    id: 'idleInstances',
    method: 'get',
    path: '/api/v1/admin/usage/idle',
    tag: 'fleet',
    summary: 'Instances that nobody used for so many days, the longest idle first.',
    access: operator,
    query: z.object({ days: z.coerce.number().int().min(1).max(3_650).default(30) }),
    answers: {
      200: { description: 'At most 10,000.', schema: z.object({ instances: z.array(idle) }) },
    },
    handle: async ({ query }) => {
      const before = new Date(Date.now() - query.days * DAY_MS)
      return answer(200, { instances: await listIdle({ before, limit: MAX_ROWS }) })
    },
  })

type Asked = { owner: Pick<UsageQuery, 'userId' | 'email'>; accept: string }

const answerUsage = async (needs: UsageNeeds, query: Span, { owner, accept }: Asked) => {
  const { by, per, service, format = accept.includes('text/csv') ? 'csv' : 'json' } = query
  const { from, to } = spanOf(query)
  await checkService(needs, service)
  const rows = await needs.sumUsage({ from, to, by, per, service, ...owner, limit: MAX_ROWS })
  const body = { from: from.toISOString(), to: to.toISOString(), usage: rows }
  return format === 'csv' ? { ...answer(200, body), csv: toCsv(COLUMNS, rows) } : answer(200, body)
}

const COLUMNS: readonly (keyof UsageSum)[] = [
  'at', 'name', 'requests', 'errors', 'bytesIn', 'bytesOut', 'meanLatencyMs', 'p50Ms', 'p95Ms', 'p99Ms',
] // prettier-ignore

const spanOf = (query: Pick<Span, 'from' | 'to'>): { from: Date; to: Date } => {
  const to = query.to === undefined ? new Date() : new Date(query.to)
  const from = query.from === undefined ? new Date(to.getTime() - DAY_MS) : new Date(query.from)
  if (from.getTime() >= 0 && from < to) return { from, to }
  throw new AppError('invalid_request', 'from lies before to, and after 1970.')
}
