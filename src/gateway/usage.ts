import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import { addLatency, emptyBuckets } from '../model/latency.ts'
import type { GatewayInstance } from './authenticate.ts'

/** What went through one instance since the last time it was written down. */
export type Usage = {
  handle: string
  /** Empty: what calls no tool, or says nothing of it. */
  tool: string
  userId: string
  service: string
  lastUsedAt: Date
  requests: number
  /** Answered with 400 or more, cut off, or a tool that failed. */
  errors: number
  bytesIn: number
  bytesOut: number
  /** Of those that are no streams. */
  latencyMs: number
  streams: number
  /** Of those that are no streams, counts by bucket. */
  latency: number[]
}

export type Passed = Pick<Usage, 'bytesIn' | 'bytesOut' | 'latencyMs'> & {
  /** Of the answer; 0 for a connection with another protocol. */
  status: number
  /** The tool that was called, as far as the host said so. */
  tool?: string | undefined
  isError: boolean
  isStream: boolean
}

type UsageOptions = {
  /** Adds a batch to what is stored, all of it or nothing. */
  write: (batch: readonly Usage[]) => Promise<void>
  log: Log
  intervalMs?: number
}

/** What `kill -9` may lose at most, together with the time of one write. */
const INTERVAL_MS = 2_000
const MAX_BATCH = 2_000
/** With the database away counters of more tools of instances than this are dropped, and the log says so. */
const MAX_COUNTERS = 100_000

/** Counts in memory and writes in batches; what could not be written is written with the next ones. */
export const createUsage = ({ write, log, intervalMs = INTERVAL_MS }: UsageOptions) => {
  let counted = new Map<string, Usage>()
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  const add = (usage: Usage): void => {
    const key = `${usage.handle} ${usage.tool}`
    const known = counted.get(key)
    if (known) merge(known, usage)
    else if (counted.size < MAX_COUNTERS) counted.set(key, usage)
  }

  const flush = async (): Promise<void> => {
    const batches = split([...counted.values()])
    if (counted.size >= MAX_COUNTERS) log.warn('usage is counted for no more instances')
    counted = new Map()
    for (let batch = batches.shift(); batch; batch = batches.shift())
      try {
        await write(batch)
      } catch (error) {
        log.warn('usage was not written', { instances: batch.length, error })
        for (const usage of [batch, ...batches.splice(0)].flat()) add(usage)
      }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      await flush()
    }
  }

  return {
    name: 'usage',
    start: (): Promise<void> => {
      running ??= run()
      return Promise.resolve()
    },
    stop: async (): Promise<void> => {
      stopping.abort()
      await running
      await flush() // what could not be written a moment ago
    },
    count: (instance: GatewayInstance, passed: Passed): void => add(usageOf(instance, passed)),
  }
}

const usageOf = ({ handle, userId, service }: GatewayInstance, passed: Passed): Usage => ({
  handle,
  tool: passed.tool ?? '',
  userId,
  service,
  lastUsedAt: new Date(),
  requests: 1,
  errors: passed.isError ? 1 : 0,
  bytesIn: passed.bytesIn,
  bytesOut: passed.bytesOut,
  latencyMs: passed.isStream ? 0 : passed.latencyMs,
  streams: passed.isStream ? 1 : 0,
  latency: latencyOf(passed),
})

const latencyOf = ({ isStream, latencyMs }: Passed): number[] => {
  const buckets = emptyBuckets()
  if (!isStream) addLatency(buckets, latencyMs)
  return buckets
}

const merge = (known: Usage, more: Usage): void => {
  if (more.lastUsedAt > known.lastUsedAt) known.lastUsedAt = more.lastUsedAt
  for (const sum of ['requests', 'errors', 'bytesIn', 'bytesOut', 'latencyMs', 'streams'] as const)
    known[sum] += more[sum]
  for (const [index, count] of more.latency.entries())
    known.latency[index] = (known.latency[index] ?? 0) + count
}

const split = (all: readonly Usage[]): Usage[][] =>
  Array.from({ length: Math.ceil(all.length / MAX_BATCH) }, (_, index) =>
    all.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
  )
