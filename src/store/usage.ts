import type { Database } from './database.ts'

/** What went through one instance lately, by tool. */
export type UsageRow = {
  handle: string
  /** Empty: what calls no tool. */
  tool: string
  userId: string
  service: string
  lastUsedAt: Date
  requests: number
  errors: number
  bytesIn: number
  bytesOut: number
  latencyMs: number
  streams: number
  /** Counts by bucket. */
  latency: readonly number[]
}

/** Rows are taken in one order by everybody: two batches that wait for each other would end in a deadlock. */
const byKey = (a: UsageRow, b: UsageRow): number =>
  a.handle === b.handle ? (a.tool < b.tool ? -1 : 1) : a.handle < b.handle ? -1 : 1

/** The sum of two arrays, element by element; the shorter one counts as if zeros followed. */
const SUM_OF_BUCKETS = `array(
  select coalesce(a, 0) + coalesce(b, 0)
  from unnest(usage.latency_buckets, excluded.latency_buckets) with ordinality as both_of(a, b, n) order by n
)`

const ADDED = `requests = usage.requests + excluded.requests, errors = usage.errors + excluded.errors,
  bytes_in = usage.bytes_in + excluded.bytes_in, bytes_out = usage.bytes_out + excluded.bytes_out,
  latency_ms = usage.latency_ms + excluded.latency_ms, streams = usage.streams + excluded.streams,
  latency_buckets = ${SUM_OF_BUCKETS}`

/** Adds to the counters of instances, and to their sums of this hour. At most one row per instance and tool. */
export const addUsage = async (database: Database, batch: readonly UsageRow[]): Promise<void> => {
  const rows = [...batch].sort(byKey)
  const handles = rows.map(({ handle }) => handle)
  const column = (name: 'requests' | 'errors' | 'bytesIn' | 'bytesOut' | 'latencyMs' | 'streams') =>
    rows.map((row) => Math.round(row[name]))
  await database.transaction(async (transaction) => {
    await transaction.query(
      `with own as (
         select instance_id from user_service_instances where instance_id = any($1::text[])
         order by instance_id for no key update
       ), used as (
         select instance_id, sum(requests)::bigint as requests, max(at) as at
         from unnest($1::text[], $2::bigint[], $3::timestamptz[]) as one(instance_id, requests, at) group by instance_id
       )
       update user_service_instances as instance
       set usage_count = usage_count + used.requests, last_used_at = greatest(last_used_at, used.at)
       from own join used on used.instance_id = own.instance_id
       where instance.instance_id = own.instance_id`,
      [handles, column('requests'), rows.map(({ lastUsedAt }) => lastUsedAt)],
    )
    await transaction.query(
      `insert into service_usage as usage
         (instance_id, hour, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency_buckets)
       select instance_id, date_trunc('hour', now()), tool, user_id, service_type, requests, errors, bytes_in, bytes_out,
         latency_ms, streams, latency::bigint[]
       from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
         $9::bigint[], $10::bigint[], $11::text[])
         as used(instance_id, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency)
       on conflict (instance_id, hour, tool) do update set ${ADDED}`,
      [
        handles,
        rows.map(({ tool }) => tool),
        rows.map(({ userId }) => userId),
        rows.map(({ service }) => service),
        column('requests'),
        column('errors'),
        column('bytesIn'),
        column('bytesOut'),
        column('latencyMs'),
        column('streams'),
        rows.map(({ latency }) => `{${latency.join(',')}}`),
      ],
    )
  })
}

/** Hours are kept so long, then they become days; days are kept so long. */
const HOURS_KEPT = '90 days'
const DAYS_KEPT = '2 years'

/** Makes days of old hours, all at once, and forgets old days. */
export const rollUpUsage = async (database: Database): Promise<void> => {
  await database.query(
    `with old as (
       delete from service_usage
       where hour < date_trunc('day', now() at time zone 'utc') at time zone 'utc' - interval '${HOURS_KEPT}'
       returning *, date_trunc('day', hour at time zone 'utc') at time zone 'utc' as day
     ), sums as (
       select instance_id, day, tool, user_id, service_type, sum(requests) as requests, sum(errors) as errors,
         sum(bytes_in) as bytes_in, sum(bytes_out) as bytes_out, sum(latency_ms) as latency_ms, sum(streams) as streams
       from old group by instance_id, day, tool, user_id, service_type
     ), buckets as (
       select instance_id, day, tool, array_agg(counted order by n) as counts
       from (
         select instance_id, day, tool, n, sum(one)::bigint as counted
         from old cross join unnest(latency_buckets) with ordinality as bucket(one, n) group by instance_id, day, tool, n
       ) as each_bucket group by instance_id, day, tool
     )
     insert into service_usage_daily as usage
       (instance_id, hour, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency_buckets)
     select instance_id, day, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams,
       coalesce(counts, '{}')
     from sums left join buckets using (instance_id, day, tool)
     on conflict (instance_id, hour, tool) do update set ${ADDED}`,
  )
  await database.query(
    `delete from service_usage_daily where hour < now() - interval '${DAYS_KEPT}'`,
  )
}
