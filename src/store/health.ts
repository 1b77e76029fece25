import type { HealthHour, HealthStatus, Uptime } from '../model/health.ts'
import { noteBatch, type BatchWriter } from './batch-writers.ts'
import type { Database } from './database.ts'

type Batch = { statuses: readonly HealthStatus[]; hours: readonly HealthHour[] }

/** Replaces what is known of services, and adds to the sums of hours; a batch that is there already is left out. */
export const writeHealth = (
  database: Database,
  writer: BatchWriter,
  { statuses, hours }: Batch,
): Promise<void> =>
  database.transaction(async (transaction) => {
    if (!(await noteBatch(transaction, writer))) return
    await writeStatuses(transaction, statuses)
    await addHours(transaction, hours)
  })

const writeStatuses = async (
  transaction: Database,
  statuses: readonly HealthStatus[],
): Promise<void> => {
  const column = (name: keyof HealthStatus) => statuses.map((status) => status[name])
  await transaction.query(
    `insert into service_health_status
       (service_type, state, since, cause, reason, last_check, response_ms, consecutive_failures)
     select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[],
       $8::integer[])
     on conflict (service_type) do update set
       state = excluded.state, since = excluded.since, cause = excluded.cause, reason = excluded.reason,
       last_check = excluded.last_check, response_ms = excluded.response_ms,
       consecutive_failures = excluded.consecutive_failures`,
    [
      column('service'),
      column('state'),
      column('since'),
      column('cause'),
      column('reason'),
      column('lastCheck'),
      statuses.map(({ responseMs }) => (responseMs === null ? null : Math.round(responseMs))),
      column('consecutiveFailures'),
    ],
  )
}

const addHours = async (transaction: Database, hours: readonly HealthHour[]): Promise<void> => {
  const sum = (name: 'checks' | 'failures' | 'upMs' | 'downMs' | 'responseMs' | 'maxResponseMs') =>
    hours.map((hour) => Math.round(hour[name]))
  await transaction.query(
    `insert into service_health_hours as sum
       (service_type, hour, checks, failures, up_ms, down_ms, response_ms, max_response_ms)
     select * from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
       $8::integer[])
     on conflict (service_type, hour) do update set
       checks = sum.checks + excluded.checks, failures = sum.failures + excluded.failures,
       up_ms = sum.up_ms + excluded.up_ms, down_ms = sum.down_ms + excluded.down_ms,
       response_ms = sum.response_ms + excluded.response_ms,
       max_response_ms = greatest(sum.max_response_ms, excluded.max_response_ms)`,
    [
      hours.map(({ service }) => service),
      hours.map(({ hour }) => hour),
      sum('checks'),
      sum('failures'),
      sum('upMs'),
      sum('downMs'),
      sum('responseMs'),
      sum('maxResponseMs'),
    ],
  )
}

/** What is known of every service's health, or of one. */
export const listHealthStatus = async (
  database: Database,
  service?: string,
): Promise<HealthStatus[]> =>
  database.query<HealthStatus>(
    `select service_type as service, state, since, cause, reason, last_check as "lastCheck", response_ms as "responseMs",
       consecutive_failures as "consecutiveFailures"
     from service_health_status where $1::text is null or service_type = $1 order by service_type`,
    [service ?? null],
  )

type HourRow = Record<keyof Omit<HealthHour, 'service' | 'hour'>, string> & {
  service: string
  hour: Date
}

/** The sums of one service, newest first. */
export const listHealthHours = async (
  database: Database,
  service: string,
  limit: number,
): Promise<HealthHour[]> => {
  const rows = await database.query<HourRow>(
    `select service_type as service, hour, checks, failures, up_ms as "upMs", down_ms as "downMs",
       response_ms as "responseMs", max_response_ms as "maxResponseMs"
     from service_health_hours where service_type = $1 order by hour desc limit $2`,
    [service, limit],
  )
  return rows.map((row) => ({
    service: row.service,
    hour: row.hour,
    checks: Number(row.checks),
    failures: Number(row.failures),
    upMs: Number(row.upMs),
    downMs: Number(row.downMs),
    responseMs: Number(row.responseMs),
    maxResponseMs: Number(row.maxResponseMs),
  }))
}

const percent = (days: number) =>
  `(100.0 * sum(up_ms) filter (where hour > now() - interval '${days} days')
     / nullif(sum(up_ms + down_ms) filter (where hour > now() - interval '${days} days'), 0))::float8`

/** The uptime of each service, over whole hours. */
export const listUptimes = async (database: Database): Promise<Map<string, Uptime>> => {
  const rows = await database.query<Uptime & { service: string }>(
    `select service_type as service, ${percent(1)} as day, ${percent(7)} as week, ${percent(30)} as month
     from service_health_hours where hour > now() - interval '30 days' group by service_type`,
  )
  return new Map(rows.map(({ service, ...uptime }) => [service, uptime]))
}

const HOURS_KEPT = '90 days'
const STATUS_KEPT = '30 days'

/** Forgets what is old, and services that nobody has watched for long. */
export const pruneHealth = async (database: Database): Promise<void> => {
  await database.query(
    `delete from service_health_hours where hour < now() - interval '${HOURS_KEPT}'`,
  )
  await database.query(
    `delete from service_health_status where last_check < now() - interval '${STATUS_KEPT}'`,
  )
}
