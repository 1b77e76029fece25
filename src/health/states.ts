import type { ServiceState } from '../model/fleet.ts'
import type { ProbeResult } from './probe.ts'

export type Health = {
  state: Extract<ServiceState, 'starting' | 'healthy' | 'planned' | 'degraded' | 'unhealthy'>
  since: Date
  failures: number
  /** Why the last probe failed. */
  reason?: string | undefined
}

/** So many failed probes in a row make a service unhealthy; the first makes it degraded. */
const UNHEALTHY_AFTER = 3

export const initialHealth = (now: Date): Health => ({ state: 'starting', since: now, failures: 0 })

/** The state after a probe. A service that has never answered is starting, not failing. */
export const nextHealth = (before: Health, result: ProbeResult, now: Date): Health => {
  const failures = result.ok ? 0 : before.failures + 1
  const state = stateAfter(before, result, failures)
  return {
    state,
    since: state === before.state ? before.since : now,
    failures,
    reason: result.ok ? undefined : result.reason,
  }
}

const stateAfter = (before: Health, result: ProbeResult, failures: number): Health['state'] => {
  if (result.ok) return result.planned ? 'planned' : 'healthy'
  if (before.state === 'starting') return 'starting'
  return failures >= UNHEALTHY_AFTER ? 'unhealthy' : 'degraded'
}
