import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import { createLoop } from '../base/loop.ts'
import type { GatewayInstance } from './authenticate.ts'
import type { Usage } from '../model/usage.ts'
import { createCounters, type Passed } from './usage-counters.ts'

type UsageOptions = {
  /** Adds a batch to what is stored, all of it or nothing. */
  write: (batch: readonly Usage[]) => Promise<void>
  log: Log
  intervalMs?: number
}

/** From one time of writing to the next. What `kill -9` may lose at most is half as much again, and the time of a write. */
const INTERVAL_MS = 2_000
/** Requests do not wait for more than making one of these. */
const MAX_BATCH = 250

/** Counts in memory and writes in batches; what could not be written is written with the next ones. */
export const createUsage = ({ write, log, intervalMs = INTERVAL_MS }: UsageOptions) => {
  let counted = createCounters()

  /** Half of the interval is for the batches, so that the database has some of them at any time and never all at once. */
  const flush = async (hurry: AbortSignal): Promise<void> => {
    const batches = split(counted.all())
    const pauseMs = intervalMs / 2 / batches.length
    if (counted.isFull()) log.warn('usage is counted for no more instances')
    counted = createCounters()
    for (let batch = batches.shift(); batch; batch = batches.shift())
      try {
        await write(batch)
        if (batches.length > 0)
          await delay(pauseMs, undefined, { signal: hurry }).catch(() => undefined)
      } catch (error) {
        log.warn('usage was not written', { instances: batch.length, error })
        for (const usage of [batch, ...batches.splice(0)].flat()) counted.add(usage)
      }
  }

  const loop = createLoop({
    name: 'usage',
    firstAfterMs: intervalMs,
    turn: async (stopping) => {
      const begunAt = performance.now()
      await flush(stopping)
      return Math.max(0, begunAt + intervalMs - performance.now())
    },
  })

  return {
    ...loop,
    stop: async (): Promise<void> => {
      await loop.stop()
      const hurry = AbortSignal.abort()
      await flush(hurry)
      await flush(hurry) // what could not be written a moment ago
    },
    count: (instance: GatewayInstance, passed: Passed): void => counted.count(instance, passed),
  }
}

const split = (all: readonly Usage[]): Usage[][] =>
  Array.from({ length: Math.ceil(all.length / MAX_BATCH) }, (_, index) =>
    all.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
  )
