import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { OldRouting } from '../model/old-routing.ts'
import { firstOf, type Database } from './database.ts'

const ways = z.record(z.string(), z.enum(['old', 'shared']))
const row = z.object({
  percent: z.coerce.number(),
  users: ways,
  services: ways,
  comparing: z.boolean(),
  tool_errors: z.boolean(),
  epoch: z.int(),
  notice: z.string().nullable(),
  notice_since: z.date().nullable(),
})

const COLUMNS = 'percent, users, services, comparing, tool_errors, epoch, notice, notice_since'

const toRouting = (unchecked: unknown): OldRouting => {
  const parsed = row.safeParse(unchecked)
  if (!parsed.success)
    throw new AppError('internal', 'The routing of old URLs is not what it should be.', {
      cause: parsed.error,
    })
  const { notice, notice_since: since, tool_errors: toolErrors, ...rest } = parsed.data
  return {
    ...rest,
    toolErrors,
    notice: notice === null || since === null ? undefined : { text: notice, since },
  }
}

export const readOldRouting = async (database: Database): Promise<OldRouting> =>
  toRouting(firstOf(await database.query(`select ${COLUMNS} from old_url_routing`)))

/** Absent: stays. `null` for the notice takes it away. */
export type RoutingChange = Partial<Pick<OldRouting, 'percent' | 'users' | 'services' | 'comparing' | 'toolErrors'>> & {
  notice?: string | null
} // prettier-ignore

/** Begins a new epoch; every gateway hears of it. */
export const changeOldRouting = async (
  database: Database,
  change: RoutingChange,
): Promise<OldRouting> => {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
  const rows = await database.query(
    `update old_url_routing set
       percent = coalesce($1::numeric, percent), users = coalesce($2::jsonb, users),
       services = coalesce($3::jsonb, services), comparing = coalesce($4::boolean, comparing),
       notice = case when $5::boolean then $6::text else notice end,
       notice_since = case when not $5::boolean then notice_since when $6::text is null then null else coalesce(notice_since, now()) end,
       tool_errors = coalesce($7::boolean, tool_errors), epoch = epoch + 1
     returning ${COLUMNS}`,
    [
      change.percent ?? null,
      json(change.users),
      json(change.services),
      change.comparing ?? null,
      change.notice !== undefined,
      change.notice ?? null,
      change.toolErrors ?? null,
    ],
  )
  return toRouting(firstOf(rows))
}
