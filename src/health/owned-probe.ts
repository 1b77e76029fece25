import { isWithin } from '../base/proc.ts'
import type { ProbeResult, Target } from './probe.ts'

type Needs = {
  probe: (target: Target, deadlineMs: number) => Promise<ProbeResult>
  /** The process that serves a service, as known so far. */
  pidOf: (service: string) => number | undefined
  /** Brings what {@link Needs.pidOf} knows up to date. */
  refresh: () => Promise<void>
}

/**
 * A probe that also asks who answered: the fleet of another home, or anybody else, may hold the static port and answer in
 * the service's name. The process must be the one that PM2 names, or one that it started.
 */
export const createOwnedProbe = ({ probe, pidOf, refresh }: Needs) => {
  let refreshing: Promise<void> | undefined
  const refreshOnce = () => (refreshing ??= refresh().finally(() => (refreshing = undefined)))
  return async (target: Target, deadlineMs: number): Promise<ProbeResult> => {
    const result = await probe(target, deadlineMs)
    if (!result.ok || result.pid === undefined) return result
    // Looked up in /proc only where it is not the process itself.
    const isOwn = (pid: number) => pid === pidOf(target.service) || isWithin(pid, pidOf(target.service)) // prettier-ignore
    if (isOwn(result.pid)) return result
    await refreshOnce() // it may have been restarted a moment ago
    if (isOwn(result.pid)) return result
    const reason = `port ${target.port} is held by process ${result.pid}, which is not of this fleet`
    return { ok: false, cause: 'stranger', reason }
  }
}
