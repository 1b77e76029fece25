import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { HealthHour, HealthStatus } from '../model/health.ts'
import type { Checked } from './asking.ts'

type Batch = { statuses: HealthStatus[]; hours: HealthHour[] }

/** Adds a batch, all or nothing; a number of this writer that is there already is left out. */
export type WriteHealth = (writer: { id: string; batch: number }, batch: Batch) => Promise<void>

type HistoryOptions = { log: Log; intervalMs?: number; now?: () => Date }

const INTERVAL_MS = 10_000
const HOUR_MS = 3_600_000
/** The time between two probes counts up to this: the daemon, or the machine, may have slept. */
const MAX_GAP_MS = 5 * 60_000
/** With the database away sums of more hours than this are dropped, and the log says so. */
const MAX_HOURS = 100_000

/** Sums up what probes find, by service and hour; what cannot be written now is written later. */
export const createHealthHistory = ({
  log,
  intervalMs = INTERVAL_MS,
  now = () => new Date(),
}: HistoryOptions) => {
  const sums = createSums(log)
  const stopping = new AbortController()
  const writer = { id: randomUUID(), batch: 1 }
  /** Stays as it is over all its attempts: one of them may have succeeded unheard. */
  let head: Batch | undefined
  let write: WriteHealth | undefined
  let running: Promise<void> | undefined

  const flush = async (): Promise<void> => {
    const batch = (head ??= sums.take())
    if (batch.statuses.length === 0) head = undefined
    if (!write || batch.statuses.length === 0) return
    try {
      await write({ ...writer }, batch)
      writer.batch += 1
      head = undefined
    } catch (error) {
      log.warn('health was not written', { hours: batch.hours.length, reason: messageOf(error) })
    }
  }
  const run = async () => {
    while (!stopping.signal.aborted) {
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      await flush()
    }
    await flush() // what came while the one before was under way
  }

  return {
    note: (checked: Checked): void => sums.add(checked, now()),
    flush,
    writeTo: (to: WriteHealth): void => {
      write = to
      running ??= run()
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      await running
    },
  }
}

export type HealthHistory = ReturnType<typeof createHealthHistory>

const createSums = (log: Log) => {
  let statuses = new Map<string, HealthStatus>()
  let hours = new Map<string, HealthHour>()
  const last = new Map<string, { at: number; isUp: boolean }>()

  const hourOf = (service: string, at: number): HealthHour | undefined => {
    const hour = at - (at % HOUR_MS)
    const key = `${service} ${hour}`
    const known = hours.get(key)
    if (known || hours.size >= MAX_HOURS) return known
    const fresh = { service, hour: new Date(hour), checks: 0, failures: 0, upMs: 0, downMs: 0, responseMs: 0, maxResponseMs: 0 } // prettier-ignore
    hours.set(key, fresh)
    return fresh
  }
  return {
    add: (checked: Checked, now: Date): void => {
      const { service, after, result } = checked
      statuses.set(service, statusOf(checked, now))
      if (after.state === 'starting') return // it has no past yet
      const before = last.get(service)
      last.set(service, { at: now.getTime(), isUp: result.ok })
      const sum = hourOf(service, now.getTime())
      if (!sum) return
      const gapMs = before ? Math.min(Math.max(0, now.getTime() - before.at), MAX_GAP_MS) : 0
      addTo(sum, checked, before?.isUp ? { upMs: gapMs, downMs: 0 } : { upMs: 0, downMs: gapMs })
    },
    take: (): Batch => {
      if (hours.size >= MAX_HOURS) log.warn('health is summed up for no more services')
      const taken = { statuses: [...statuses.values()], hours: [...hours.values()] }
      statuses = new Map()
      hours = new Map()
      return taken
    },
  }
}

const addTo = (
  sum: HealthHour,
  { result }: Checked,
  gap: { upMs: number; downMs: number },
): void => {
  const responseMs = result.ok ? result.responseMs : 0
  sum.checks += 1
  sum.failures += result.ok ? 0 : 1
  sum.upMs += gap.upMs
  sum.downMs += gap.downMs
  sum.responseMs += responseMs
  sum.maxResponseMs = Math.max(sum.maxResponseMs, responseMs)
}

const statusOf = ({ service, after }: Checked, now: Date): HealthStatus => ({
  service,
  state: after.state,
  since: after.since,
  cause: after.cause ?? null,
  reason: after.reason?.slice(0, 500) ?? null,
  lastCheck: now,
  responseMs: after.responseMs ?? null,
  consecutiveFailures: after.failures,
})
