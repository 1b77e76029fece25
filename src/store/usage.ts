import type { Database } from './database.ts'

/** What went through one instance lately. */
export type UsageRow = {
  handle: string
  userId: string
  service: string
  lastUsedAt: Date
  requests: number
  errors: number
  bytesIn: number
  bytesOut: number
  latencyMs: number
  streams: number
}

/** Rows are taken in one order by everybody: two batches that wait for each other would end in a deadlock. */
const byHandle = (a: UsageRow, b: UsageRow): number => (a.handle < b.handle ? -1 : 1)

/** Adds to the counters of instances, and to their sums of this hour. At most one row per instance. */
export const addUsage = async (database: Database, batch: readonly UsageRow[]): Promise<void> => {
  const rows = [...batch].sort(byHandle)
  const handles = rows.map(({ handle }) => handle)
  const column = (name: 'requests' | 'errors' | 'bytesIn' | 'bytesOut' | 'latencyMs' | 'streams') =>
    rows.map((row) => Math.round(row[name]))
  await database.transaction(async (transaction) => {
    await transaction.query(
      `with own as (
         select instance_id from user_service_instances where instance_id = any($1::text[])
         order by instance_id for no key update
       )
       update user_service_instances as instance
       set usage_count = usage_count + used.requests, last_used_at = greatest(last_used_at, used.at)
       from own
       join unnest($1::text[], $2::bigint[], $3::timestamptz[]) as used(instance_id, requests, at)
         on used.instance_id = own.instance_id
       where instance.instance_id = own.instance_id`,
      [handles, column('requests'), rows.map(({ lastUsedAt }) => lastUsedAt)],
    )
    await transaction.query(
      `insert into service_usage as usage
         (instance_id, hour, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams)
       select instance_id, date_trunc('hour', now()), user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams
       from unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
         as used(instance_id, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams)
       on conflict (instance_id, hour) do update set
         requests = usage.requests + excluded.requests, errors = usage.errors + excluded.errors,
         bytes_in = usage.bytes_in + excluded.bytes_in, bytes_out = usage.bytes_out + excluded.bytes_out,
         latency_ms = usage.latency_ms + excluded.latency_ms, streams = usage.streams + excluded.streams`,
      [
        handles,
        rows.map(({ userId }) => userId),
        rows.map(({ service }) => service),
        column('requests'),
        column('errors'),
        column('bytesIn'),
        column('bytesOut'),
        column('latencyMs'),
        column('streams'),
      ],
    )
  })
}

const KEPT = '90 days'

/** Forgets what is old. */
export const pruneUsage = async (database: Database): Promise<void> => {
  await database.query(`delete from service_usage where hour < now() - interval '${KEPT}'`)
}
