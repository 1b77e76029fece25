import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { TIMEOUT_MS, type ProbeResult, type Target } from './probe.ts'
import { createSlots } from './slots.ts'
import { nextHealth, type Health } from './states.ts'
import type { createWatchList, Watched } from './watched.ts'

/** What a probe found, and what it means. */
export type Checked = { service: string; before: Health; after: Health; result: ProbeResult }

export type AskingOptions = {
  probe: (target: Target, deadlineMs: number) => Promise<ProbeResult>
  /** How soon a service that is starting is asked again; how often is looked who is due. */
  recheckMs: number
  /** How soon one that failed is asked again. */
  repeatMs: number
  /** A service is unhealthy, now or still. */
  onUnhealthy: (service: string) => void
  onChecked?: (checked: Checked) => void
  /** Another state than before. Nobody hears of one that answers for the first time. */
  onTransition?: (checked: Checked) => void
  log: Log
}

/** Bounds the sockets that sweeps hold open. */
const CONCURRENCY = 64
/** A sweep does not take the whole processor at once: requests come first. */
const SLICE = 32
const SLICE_PAUSE_MS = 20
/** A repeat waits longer, which tells one that is slow from one that hangs; three probes still end within 6 s. */
const REPEAT_PATIENCE = 2.2
/** One that has been failing for so long is asked less often. */
const LONG_MS = 30_000
const LONG_FACTOR = 5

/** Asks services how they are, each once at a time, and not all at once. */
export const createAsking = (options: AskingOptions, list: ReturnType<typeof createWatchList>) => {
  const inSlot = createSlots(CONCURRENCY)
  const under = new Set<Promise<void>>()
  let hasEnded = false

  const begin = (one: Watched): Promise<void> => {
    const work = inSlot(() => check(options, list, one)).finally(() => {
      one.asking = undefined
      under.delete(work)
    })
    under.add(work)
    return work
  }
  const ask = (one: Watched): Promise<void> =>
    hasEnded ? Promise.resolve() : (one.asking ??= begin(one))
  return {
    ask,
    askAll: async (some: readonly Watched[]): Promise<void> => {
      const asked: Promise<void>[] = []
      for (let from = 0; from < some.length; from += SLICE) {
        if (from > 0) await delay(SLICE_PAUSE_MS)
        asked.push(...some.slice(from, from + SLICE).map(ask))
      }
      await Promise.all(asked)
    },
    begin: (): void => {
      hasEnded = false
    },
    /** Waits for the probes under way; no others begin. */
    end: async (): Promise<void> => {
      hasEnded = true
      await Promise.all(under)
    },
  }
}

const check = async (
  options: AskingOptions,
  list: ReturnType<typeof createWatchList>,
  one: Watched,
): Promise<void> => {
  const { target, health: before } = one
  const startedAt = Date.now()
  list.setDue(one, undefined) // who doubts it from now on wants another probe
  const patience = isRepeat(before) ? REPEAT_PATIENCE : 1
  const deadlineMs = (target.timeoutMs ?? TIMEOUT_MS) * patience
  const found = await options.probe(target, deadlineMs).catch(asFailure)
  const result = isRepeat(before) ? found : lateAtFirst(found)
  if (!list.isWatched(one)) return
  const now = new Date()
  const after = nextHealth(before, result, now)
  one.health = after
  const isDoubted = one.dueAt !== undefined
  if (!isDoubted) list.setDue(one, dueAfter(options, after, { startedAt, now: now.getTime() }))
  tell(options, { service: target.service, before, after, result })
}

const tell = (options: AskingOptions, checked: Checked): void => {
  const { service, before, after } = checked
  options.onChecked?.(checked)
  if (after.state === 'unhealthy') options.onUnhealthy(service)
  const isFirst = before.state === 'starting' && ['healthy', 'planned'].includes(after.state)
  if (after.state === before.state || isFirst) return
  const { cause, reason } = after
  options.log.warn('service changed state', { service, from: before.state, to: after.state, cause, reason }) // prettier-ignore
  options.onTransition?.(checked)
}

const isRepeat = ({ state }: Health): boolean => state === 'degraded' || state === 'unhealthy'

/** Whether one that is late hangs shows only when it is asked again, with more patience. */
const lateAtFirst = (result: ProbeResult): ProbeResult =>
  !result.ok && result.cause === 'timeout' ? { ...result, cause: 'slow' } : result

/** From the beginning of one probe to that of the next, and never before the end of the first. */
const dueAfter = (
  { recheckMs, repeatMs }: AskingOptions,
  { state, since }: Health,
  { startedAt, now }: { startedAt: number; now: number },
): number | undefined => {
  if (state === 'healthy' || state === 'planned') return undefined
  if (state === 'starting') return startedAt + recheckMs
  const isLong = now - since.getTime() > LONG_MS
  return startedAt + repeatMs * (isLong ? LONG_FACTOR : 1)
}

const asFailure = (error: unknown): ProbeResult => ({
  ok: false,
  cause: 'broken',
  reason: messageOf(error),
})
