import type { ServiceState } from '../model/fleet.ts'
import type { Cause, ProbeResult } from './probe.ts'

export type Health = {
  state: Extract<ServiceState, 'starting' | 'healthy' | 'planned' | 'degraded' | 'unhealthy'>
  since: Date
  /** Failed probes in a row. */
  failures: number
  /** Why the last probe failed, or what is wrong with a service that answers. */
  cause?: Cause | undefined
  reason?: string | undefined
  /** Of the last answer. */
  responseMs?: number | undefined
  checkedAt?: Date | undefined
}

/** So many failed probes in a row make a service unhealthy; the first makes it degraded. */
const UNHEALTHY_AFTER = 3
/** One that has never answered is starting for so long. */
const STARTING_MS = 60_000
/** As long as one that is replaced may hold its port, and say who it is. */
const STRANGER_MS = 5_000

export const initialHealth = (now: Date): Health => ({ state: 'starting', since: now, failures: 0 })

/** The state after a probe. A service that has not answered yet is starting for a while, not failing. */
export const nextHealth = (before: Health, result: ProbeResult, now: Date): Health => {
  const failures = result.ok ? 0 : before.failures + 1
  const state = stateAfter(before, result, { failures, now })
  const trouble = result.ok ? result.concern : result
  return {
    state,
    since: state === before.state ? before.since : now,
    failures,
    cause: trouble?.cause,
    reason: trouble?.reason,
    responseMs: result.ok ? result.responseMs : before.responseMs,
    checkedAt: now,
  }
}

const stateAfter = (
  before: Health,
  result: ProbeResult,
  { failures, now }: { failures: number; now: Date },
): Health['state'] => {
  if (result.ok && result.concern) return 'degraded'
  if (result.ok) return result.planned ? 'planned' : 'healthy'
  if (before.state === 'starting') {
    const patienceMs = result.cause === 'stranger' ? STRANGER_MS : STARTING_MS
    return now.getTime() - before.since.getTime() < patienceMs ? 'starting' : 'unhealthy'
  }
  return failures >= UNHEALTHY_AFTER ? 'unhealthy' : 'degraded'
}
