import type { Evidence, Exit } from '../model/crash.ts'

export type CrashLimits = {
  /** Exits that count. */
  windowMs: number
  /** So many exits of a dedicated service within the window, and it is quarantined. */
  exitsPerService: number
  /** The second crash that lies at a packed service's door moves it into a host of its own. */
  crashesPerCulprit: number
  /** With so many exits in the whole fleet within a minute, services are quarantined at their second. */
  fleetExitsPerMinute: number
  /** First wait in quarantine; doubles with each attempt. */
  retryMs: number
  maxRetryMs: number
  /** A retried service that lives so long is well again. */
  wellMs: number
}

export const CRASH_LIMITS: CrashLimits = {
  windowMs: 5 * 60_000,
  exitsPerService: 5,
  crashesPerCulprit: 2,
  fleetExitsPerMinute: 60,
  retryMs: 60_000,
  maxRetryMs: 30 * 60_000,
  wellMs: 60_000,
}

export type Verdict =
  | { kind: 'leave' }
  | { kind: 'isolate'; service: string }
  | { kind: 'quarantine'; service: string; evidence: Evidence }

type Options = { limits: CrashLimits; now: () => number; random: () => number }

const MINUTE_MS = 60_000
/** Enough for every limit above; more is never looked at. */
const MAX_REMEMBERED = 2_000
/** Spreads retries of services that fell together. */
const JITTER = 0.2

/**
 * Decides what a crash means. PM2's backoff is the floor: it restarts what ends, ever slower. This adds memory: what goes
 * on crashing is kept out of service, with the evidence, and tried again later, ever later.
 */
export const createCrashPolicy = ({ limits, now, random }: Options) => {
  let exits: Exit[] = []
  const trials = new Map<string, { attempts: number; since: number }>()

  // Both ends count: after the clock was set back, what lies in the future was in no window.
  const isWithin = (at: number, ms: number) => at > now() - ms && at <= now()
  const recent = (ms: number) => exits.filter(({ at }) => isWithin(at, ms))

  const judgeDedicated = (service: string, host: string): Verdict => {
    const own = recent(limits.windowMs).filter((exit) => exit.host === host)
    const isStorm = recent(MINUTE_MS).length > limits.fleetExitsPerMinute
    const trial = trials.get(service)
    const isOnTrial = trial !== undefined && isWithin(trial.since, limits.wellMs)
    const limit = isOnTrial ? 1 : isStorm ? 2 : limits.exitsPerService
    if (own.length < limit) return { kind: 'leave' }
    trials.delete(service)
    const attempts = isOnTrial ? trial.attempts + 1 : 1
    return { kind: 'quarantine', service, evidence: evidenceOf(own, attempts) }
  }

  const evidenceOf = (own: readonly Exit[], attempts: number): Evidence => {
    const wait = Math.min(limits.retryMs * 2 ** (attempts - 1), limits.maxRetryMs)
    const spread = 1 + JITTER * (2 * random() - 1)
    return {
      since: new Date(now()).toISOString(),
      retryAt: new Date(now() + wait * spread).toISOString(),
      attempts,
      causes: own.map(({ cause }) => cause),
      lines: own.at(-1)?.lines ?? [],
    }
  }

  const judgePacked = (culprit: string): Verdict => {
    const own = recent(limits.windowMs).filter((exit) => exit.culprit === culprit)
    return own.length >= limits.crashesPerCulprit
      ? { kind: 'isolate', service: culprit }
      : { kind: 'leave' }
  }

  return {
    /** @param service the only service of the host; undefined for a packed one */
    judge: (exit: Exit, service: string | undefined): Verdict => {
      exits = [...recent(limits.windowMs), exit].slice(-MAX_REMEMBERED)
      if (service !== undefined) return judgeDedicated(service, exit.host)
      return exit.culprit === undefined ? { kind: 'leave' } : judgePacked(exit.culprit)
    },
    /** A quarantined service is tried again: its next crash within the trial sends it back at once. */
    noteRetry: (service: string, { attempts }: Pick<Evidence, 'attempts'>): void => {
      trials.set(service, { attempts, since: now() })
    },
  }
}

export type CrashPolicy = ReturnType<typeof createCrashPolicy>
