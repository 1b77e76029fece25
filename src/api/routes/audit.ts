import { z } from 'zod'
import type { ApiNeeds } from '../needs.ts'
import { byOf } from '../audit-by.ts'
import { admin } from '../contract/access.ts'
import { answer, route, type Route } from '../contract/route.ts'
import { isoTime, searched } from '../shapes.ts'

const tag = 'audit'
const path = '/api/v1/admin/audit'
const PAGE = 100
const MAX_PAGE = 1_000

const cursor = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a cursor of this list')
  .transform(Number)
const text = searched(300)
const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(PAGE)
const query = z.object({
  cursor: cursor.optional(),
  limit: limit.optional(),
  actor: text.optional(),
  action: text.optional(),
  target: text.optional(),
})
const entry = z
  .object({
    seq: z.int(),
    at: isoTime,
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    from: z.string(),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .meta({ id: 'AuditEntry' })
const verdict = z
  .object({
    ok: z.boolean(),
    checked: z.int(),
    from: z.int(),
    to: z.int(),
    isAnchored: z.boolean().describe('Whether this home knows an end that the log must have.'),
    findings: z.array(
      z.object({ seq: z.int(), problem: z.enum(['changed', 'missing', 'cut', 'unsigned']) }),
    ),
    restores: z
      .array(z.object({ seq: z.int(), at: isoTime, madeAt: z.string(), lost: z.int() }))
      .describe(
        'When the log went back to a backup, of when, and how many entries went with that.',
      ),
  })
  .meta({ id: 'AuditVerdict' })

/** Who did what to what, from where. */
export const auditRoutes = ({ audit }: Pick<ApiNeeds, 'audit'>): Route[] => [
  route({
    id: 'listAudit',
    method: 'get',
    path,
    tag,
    summary: 'The audit log, newest first.',
    access: admin,
    query,
    answers: {
      200: {
        description: 'A page of entries.',
        schema: z.object({ entries: z.array(entry), nextCursor: z.string().nullable() }),
      },
    },
    handle: async ({ query: { cursor: before, limit: size = PAGE, ...filter } }) => {
      const entries = await audit.list({ ...filter, before, limit: size + 1 })
      const page = entries.slice(0, size)
      const isMore = entries.length > size
      return answer(200, { entries: page, nextCursor: isMore ? String(page.at(-1)?.seq) : null })
    },
  }),
  route({
    id: 'verifyAudit',
    method: 'get',
    path: `${path}/verify`,
    tag,
    summary: 'Read the whole log and find every entry that was changed or is missing.',
    access: admin,
    answers: { 200: { description: 'What was found.', schema: verdict } },
    handle: async () => answer(200, await audit.verify()),
  }),
  route({
    id: 'pruneAudit',
    method: 'post',
    path: `${path}/prune`,
    tag,
    summary: 'Cut away the entries before a time; a signed checkpoint says so.',
    access: admin,
    body: z.strictObject({ before: isoTime }),
    answers: { 200: { description: 'How many are gone.', schema: z.object({ removed: z.int() }) } },
    handle: async ({ body, origin }) =>
      answer(200, { removed: await audit.prune(new Date(body.before), byOf(origin)) }),
  }),
]
