import type { OldUser } from '../model/cutover.ts'
import type { Database } from './database.ts'

export type OldUse = { instanceId: string; lastUsedAt: Date; requests: number }

/** Adds to the counters, in one order by everybody. */
export const addOldUses = async (database: Database, uses: readonly OldUse[]): Promise<void> => {
  const rows = [...uses].sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1))
  await database.query(
    `insert into old_url_usage as usage (instance_id, last_used_at, requests)
     select instance_id, last_used_at, requests from unnest($1::text[], $2::timestamptz[], $3::bigint[])
       as used(instance_id, last_used_at, requests)
     on conflict (instance_id) do update set
       last_used_at = greatest(usage.last_used_at, excluded.last_used_at),
       requests = usage.requests + excluded.requests`,
    [
      rows.map(({ instanceId }) => instanceId),
      rows.map(({ lastUsedAt }) => lastUsedAt),
      rows.map(({ requests }) => requests),
    ],
  )
}

/** @param since used at or after it; the last user first */
export const listOldUsers = (
  database: Database,
  { since, limit }: { since: Date; limit: number },
): Promise<OldUser[]> =>
  database.query<OldUser>(
    `select u.email, u.id as "userId", i.service_type as service, i.instance_id as "instanceId",
       o.last_used_at as "lastUsedAt", o.requests::int as requests
     from old_url_usage o
     join user_service_instances i on i.instance_id = o.instance_id
     join users u on u.id = i.user_id
     where o.last_used_at >= $1 order by o.last_used_at desc, o.instance_id limit $2`,
    [since, limit],
  )
