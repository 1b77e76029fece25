import type { IdleInstance, UsageQuery, UsageSum } from '../model/usage.ts'
import { percentileOf } from '../model/latency.ts'
import type { Database } from './database.ts'

const NAMES = {
  service: 'g.service_type',
  user: 'coalesce(u.email, g.user_id::text)',
  instance: 'g.instance_id',
  tool: `g.service_type || '/' || g.tool`,
} as const

const TIMES = {
  hour: 'g.hour',
  day: `date_trunc('day', g.hour at time zone 'utc') at time zone 'utc'`,
  // one time for all: what is null is equal to nothing
  all: `timestamptz 'epoch'`,
} as const

type Row = Omit<UsageSum, 'p50Ms' | 'p95Ms' | 'p99Ms'> & { at: Date; latency: number[] | null }

/** What went through the gateways between two times; by time the oldest first, else the most used. At most `limit`. */
export const sumUsage = async (database: Database, query: UsageQuery): Promise<UsageSum[]> => {
  const { from, to, by, per, limit, userId = null, email = null, service = null } = query
  const rows = await database.query<Row>(
    `with picked as (
       select ${NAMES[by]} as name, ${TIMES[per ?? 'all']} as at, g.*
       from service_usage_all g left join users u on u.id = g.user_id
       where g.hour >= $1 and g.hour < $2 and ($4::uuid is null or g.user_id = $4)
         and ($5::text is null or u.email = $5) and ($6::text is null or g.service_type = $6)
     ), sums as (
       select name, at, sum(requests)::float8 as requests, sum(errors)::float8 as errors,
         sum(bytes_in)::float8 as "bytesIn", sum(bytes_out)::float8 as "bytesOut",
         (sum(latency_ms) / nullif(sum(requests - streams), 0))::float8 as "meanLatencyMs"
       from picked group by name, at order by at, requests desc, name limit $3
     ), buckets as (
       select name, at, array_agg(counted order by n) as latency
       from (
         select name, at, n, sum(one)::float8 as counted
         from picked cross join unnest(latency_buckets) with ordinality as bucket(one, n) group by name, at, n
       ) as each_bucket group by name, at
     )
     select name, at, requests, errors, "bytesIn", "bytesOut", "meanLatencyMs", latency
     from sums left join buckets using (name, at) order by at, requests desc, name`,
    [from, to, limit, userId, email, service],
  )
  return rows.map(({ at, latency, ...sums }) => ({
    ...(per && { at: at.toISOString() }),
    ...sums,
    p50Ms: percentileOf(latency ?? [], 0.5),
    p95Ms: percentileOf(latency ?? [], 0.95),
    p99Ms: percentileOf(latency ?? [], 0.99),
  }))
}

type IdleRow = Omit<IdleInstance, 'createdAt' | 'lastUsedAt'> & {
  createdAt: Date
  lastUsedAt: Date | null
}

/** Instances that are open and were not used since, the longest idle first. */
export const listIdleInstances = async (
  database: Database,
  { before, limit }: { before: Date; limit: number },
): Promise<IdleInstance[]> => {
  const rows = await database.query<IdleRow>(
    `select i.instance_id as "instanceId", u.email, i.service_type as service, i.created_at as "createdAt",
       i.last_used_at as "lastUsedAt"
     from user_service_instances i left join users u on u.id = i.user_id
     where i.is_active and i.created_at < $1 and (i.last_used_at is null or i.last_used_at < $1)
     order by coalesce(i.last_used_at, i.created_at), i.instance_id limit $2`,
    [before, limit],
  )
  return rows.map(({ createdAt, lastUsedAt, ...row }) => ({
    ...row,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }))
}
