import { emptyBuckets } from '../model/latency.ts'
import type { Usage } from '../model/usage.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'

/** Rows are taken in one order by everybody: two batches that wait for each other would end in a deadlock. */
const byKey = (a: Usage, b: Usage): number => inOrder(a.handle, b.handle) || inOrder(a.tool, b.tool)

const inOrder = (one: string, other: string): number => Number(one > other) - Number(one < other)

/** The sum of two arrays, element by element; a shorter one counts as if zeros followed. Subscripts cost a tenth of a query. */
const SUM_OF_BUCKETS = `array[${emptyBuckets()
  .map((_, index) =>
    ['usage', 'excluded']
      .map((row) => `coalesce(${row}.latency_buckets[${index + 1}], 0)`)
      .join(' + '),
  )
  .join(', ')}]`

const ADDED = `requests = usage.requests + excluded.requests, errors = usage.errors + excluded.errors,
  bytes_in = usage.bytes_in + excluded.bytes_in, bytes_out = usage.bytes_out + excluded.bytes_out,
  latency_ms = usage.latency_ms + excluded.latency_ms, streams = usage.streams + excluded.streams,
  latency_buckets = ${SUM_OF_BUCKETS}`

/** Adds to the counters of instances, and to their sums of this hour. At most one row per instance and tool. */
export const addUsage = async (database: Database, batch: readonly Usage[]): Promise<void> => {
  const rows = [...batch].sort(byKey)
  const texts = (of: (row: Usage) => string) => arrayText(rows.map(of))
  const sums = (name: 'requests' | 'errors' | 'bytesIn' | 'bytesOut' | 'latencyMs' | 'streams') =>
    `{${rows.map((row) => Math.round(row[name])).join(',')}}`
  const handles = texts(({ handle }) => handle)
  await database.transaction(async (transaction) => {
    await transaction.query(
      `with own as (
         select instance_id from user_service_instances where instance_id = any($1::text::text[])
         order by instance_id for no key update
       ), used as (
         select instance_id, sum(requests)::bigint as requests, max(at) as at
         from unnest($1::text::text[], $2::text::bigint[], $3::text::timestamptz[]) as one(instance_id, requests, at)
         group by instance_id
       )
       update user_service_instances as instance
       set usage_count = usage_count + used.requests, last_used_at = greatest(last_used_at, used.at)
       from own join used on used.instance_id = own.instance_id
       where instance.instance_id = own.instance_id`,
      [handles, sums('requests'), texts(({ lastUsedAt }) => lastUsedAt.toISOString())],
      { isPrepared: true },
    )
    await transaction.query(
      `insert into service_usage as usage
         (instance_id, hour, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency_buckets)
       select instance_id, date_trunc('hour', now()), tool, user_id, service_type, requests, errors, bytes_in, bytes_out,
         latency_ms, streams, latency::bigint[]
       from unnest($1::text::text[], $2::text::text[], $3::text::uuid[], $4::text::text[], $5::text::bigint[],
         $6::text::bigint[], $7::text::bigint[], $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::text[])
         as used(instance_id, tool, user_id, service_type, requests, errors, bytes_in, bytes_out, latency_ms, streams, latency)
       on conflict (instance_id, hour, tool) do update set ${ADDED}`,
      [
        handles,
        texts(({ tool }) => tool),
        texts(({ userId }) => userId),
        texts(({ service }) => service),
        sums('requests'),
        sums('errors'),
        sums('bytesIn'),
        sums('bytesOut'),
        sums('latencyMs'),
        sums('streams'),
        texts(({ latency }) => `{${latency.join(',')}}`),
      ],
      { isPrepared: true },
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
