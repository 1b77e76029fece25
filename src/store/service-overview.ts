import type { Database } from './database.ts'

type ServiceCount = { service: string; instances: number; active: number }

/** How many instances each service has; the registry bounds the answer. */
export const countInstances = (database: Database): Promise<ServiceCount[]> =>
  database.query<ServiceCount>(
    `select service_type as service, count(*)::int as instances, (count(*) filter (where is_active))::int as active
     from user_service_instances group by service_type order by service_type`,
  )

type UsageRow = {
  name: string
  requests: number
  errors: number
  bytesIn: number
  bytesOut: number
  /** Of those that are no streams; null when all are. */
  meanLatencyMs: number | null
}
type UsageQuery = { from: Date; to: Date; by: 'service' | 'user'; limit: number }

const NAMES = { service: 'g.service_type', user: 'coalesce(u.email, g.user_id::text)' } as const

/** What went through the gateways between two times, the most used first; at most `limit`. */
export const sumUsage = (database: Database, query: UsageQuery): Promise<UsageRow[]> =>
  database.query<UsageRow>(
    `select ${NAMES[query.by]} as name, sum(g.requests)::float8 as requests, sum(g.errors)::float8 as errors,
       sum(g.bytes_in)::float8 as "bytesIn", sum(g.bytes_out)::float8 as "bytesOut",
       (sum(g.latency_ms) / nullif(sum(g.requests - g.streams), 0))::float8 as "meanLatencyMs"
     from service_usage g left join users u on u.id = g.user_id
     where g.hour >= $1 and g.hour < $2 group by 1 order by 2 desc, 1 limit $3`,
    [query.from, query.to, query.limit],
  )
