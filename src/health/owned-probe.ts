import { isWithin } from '../base/proc.ts'
import type { PortUser } from '../base/port-users.ts'
import type { Cause, ProbeResult, Target } from './probe.ts'

type Needs = {
  probe: (target: Target, deadlineMs: number) => Promise<ProbeResult>
  /** The process that serves a service, as known so far. */
  pidOf: (service: string) => number | undefined
  /** Brings what {@link Needs.pidOf} knows up to date. */
  refresh: () => Promise<void>
  /** Who listens on a port, as seen at that time or later. */
  listenersOn: (port: number, notBefore: number) => readonly PortUser[]
}

/** With these somebody listens; with the others nobody does, or who does was seen already. */
const IN_DOUBT: readonly Cause[] = ['timeout', 'status', 'answer', 'broken', 'stranger']

/**
 * A probe that also asks who answered: the fleet of another home, or anybody else, may hold the static port and answer in
 * the service's name, or badly. The process must be the one that PM2 names, or one that it started: what answers may say
 * its pid; where it does not, or fails, the kernel says who listens.
 */
export const createOwnedProbe = ({ probe, pidOf, refresh, listenersOn }: Needs) => {
  let refreshing: Promise<void> | undefined
  const refreshOnce = () => (refreshing ??= refresh().finally(() => (refreshing = undefined)))
  // Looked up in /proc only where it is not the process itself.
  const isOwn = (service: string, pid: number) => pid === pidOf(service) || isWithin(pid, pidOf(service)) // prettier-ignore

  /** @returns undefined when it is no stranger */
  const findStranger = (
    { service, port }: Target,
    { pid, notBefore }: { pid: number | undefined; notBefore: number },
  ): string | undefined => {
    if (pid !== undefined) return isOwn(service, pid) ? undefined : `process ${pid}`
    const holders = listenersOn(port, notBefore)
    const isHeld = holders.some((one) => one.pid !== undefined && isOwn(service, one.pid))
    return isHeld || !holders[0] ? undefined : nameOf(holders[0])
  }
  return async (target: Target, deadlineMs: number): Promise<ProbeResult> => {
    const startedAt = performance.now()
    const result = await probe(target, deadlineMs)
    if (!result.ok && !IN_DOUBT.includes(result.cause)) return result
    const pid = result.ok ? result.pid : undefined
    if (findStranger(target, { pid, notBefore: startedAt }) === undefined) return result
    const doubtedAt = performance.now()
    await refreshOnce() // it may have been restarted a moment ago
    const stranger = findStranger(target, { pid, notBefore: doubtedAt })
    if (stranger === undefined) return result
    const reason = `port ${target.port} is held by ${stranger}, which is not of this fleet`
    return { ok: false, cause: 'stranger', reason }
  }
}

const nameOf = ({ pid, uid }: PortUser): string =>
  pid === undefined ? `a process of uid ${uid}` : `process ${pid}`
