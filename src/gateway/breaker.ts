import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { canConnect } from './http1/connection.ts'

export type ServiceState = { state: string; since: Date }

export type BreakerOptions = {
  /** What is known of a service otherwise; undefined: nothing. */
  stateOf: (service: string) => ServiceState | undefined
  /** How long requests wait for a service that nobody listens for, from when that was noticed. */
  patienceMs: number
  log: Log
}

export type Breaker = {
  /**
   * Resolves when somebody listens on the port again.
   * @throws AppError `service_unavailable` when that takes too long or has taken too long before, or too many wait already
   */
  waitFor: (service: string, port: number) => Promise<void>
  /** A request reached the service. */
  noteReached: (service: string) => void
  /** Why a service cannot be used now, for those who asked for it. */
  refusal: (service: string, cause?: unknown) => AppError
}

type Outage = {
  since: Date
  waiting: number
  /** Whether the service is back; undefined when that took too long. */
  back: Promise<boolean> | undefined
}

/** Requests that wait for one service: a bound for what they hold in memory. */
const MAX_WAITING = 1_000
const POLL_MS = 20

/**
 * A breaker per service, for connections that are refused: nothing was sent then, so requests wait until the service is
 * back. After too long a wait it is open: requests fail at once, until one finds somebody listening; a refused connection
 * costs nobody anything. What a service answers does not count: one user's failures shall not close it for others.
 */
export const createBreaker = (options: BreakerOptions): Breaker => {
  // At most one entry per service of the registry.
  const outages = new Map<string, Outage>()
  const begin = (service: string, port: number): Outage => {
    const back = untilListening(port, Date.now() + options.patienceMs)
    const outage: Outage = { since: new Date(), waiting: 0, back }
    outages.set(service, outage)
    options.log.warn('service does not listen', { service, port })
    void back.then((isBack) => {
      outage.back = undefined
      if (isBack) outages.delete(service)
      else options.log.error('service stays away', { service, port, since: outage.since })
    })
    return outage
  }
  const refusal = (service: string, cause?: unknown): AppError => {
    const text = describe(options.stateOf(service), outages.get(service)?.since)
    return new AppError('service_unavailable', `${service} ${text}; try again in a moment.`, { cause }) // prettier-ignore
  }
  return {
    refusal,
    waitFor: async (service, port) => {
      const outage = outages.get(service) ?? begin(service, port)
      if (!outage.back || outage.waiting >= MAX_WAITING) throw refusal(service)
      outage.waiting += 1
      const isBack = await outage.back
      outage.waiting -= 1
      if (!isBack) throw refusal(service)
    },
    noteReached: (service) => {
      if (outages.size > 0) outages.delete(service)
    },
  }
}

const describe = (known: ServiceState | undefined, outageSince: Date | undefined): string => {
  // Health may not have noticed yet.
  const isWell = known === undefined || ['healthy', 'degraded', 'planned'].includes(known.state)
  const state = isWell ? 'does not answer' : `is ${known.state}`
  const since = isWell ? outageSince : known.since
  return since ? `${state} since ${since.toISOString()}` : `${state} right now`
}

const untilListening = async (port: number, until: number): Promise<boolean> => {
  do {
    if (await canConnect(port)) return true
    await delay(POLL_MS, undefined, { ref: false })
  } while (Date.now() < until)
  return false
}
