/** What is known of a service's health now, as it is kept. */
export type HealthStatus = {
  service: string
  state: string
  since: Date
  cause: string | null
  reason: string | null
  lastCheck: Date
  /** Of the last answer. */
  responseMs: number | null
  consecutiveFailures: number
}

/** Sums of a service's probes within an hour. */
export type HealthHour = {
  service: string
  /** Its beginning. */
  hour: Date
  checks: number
  failures: number
  /** Time after a probe that was answered, until the next. */
  upMs: number
  downMs: number
  /** Of the answered ones. */
  responseMs: number
  maxResponseMs: number
}

/** The part of the time in which a service answered, in percent; null where nothing is known. */
export type Uptime = { day: number | null; week: number | null; month: number | null }

/** How a service is and was, as operators see it. */
export type ServiceHealth = {
  service: string
  port: number
  state: string
  since: string
  cause: string | null
  reason: string | null
  lastCheckAt: string | null
  responseMs: number | null
  consecutiveFailures: number
  uptime: Uptime
}
