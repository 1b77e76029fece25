import { addLatencies, addLatency, emptyBuckets } from '../model/latency.ts'
import type { Usage } from '../model/usage.ts'
import type { GatewayInstance } from './authenticate.ts'

export type Passed = Pick<Usage, 'bytesIn' | 'bytesOut' | 'latencyMs'> & {
  /** Of the answer; 0 for a connection with another protocol. */
  status: number
  /** The tool that was called, as far as the host said so. */
  tool?: string | undefined
  isError: boolean
  isStream: boolean
}

/** With the database away counters of more tools of instances than this are dropped, and the log says so. */
const MAX_COUNTERS = 100_000

/** Counters by instance and tool, with a bound. A request adds numbers to one, and makes nothing. */
export const createCounters = () => {
  const counters = new Map<string, Usage>()
  const isFull = (): boolean => counters.size >= MAX_COUNTERS
  /** @returns undefined when there are too many */
  const counterOf = (instance: Counted, tool: string): Usage | undefined => {
    const key = tool === '' ? instance.handle : `${instance.handle} ${tool}`
    const known = counters.get(key)
    if (known || isFull()) return known
    const fresh = emptyUsage(instance, tool)
    counters.set(key, fresh)
    return fresh
  }
  return {
    isFull,
    all: (): Usage[] => [...counters.values()],
    count: (instance: Counted, passed: Passed): void => {
      const usage = counterOf(instance, passed.tool ?? '')
      if (usage) countIn(usage, passed)
    },
    /** What was counted before. */
    add: (counted: Usage): void => {
      const usage = counterOf(counted, counted.tool)
      if (usage) merge(usage, counted)
    },
  }
}

type Counted = Pick<GatewayInstance, 'handle' | 'userId' | 'service'>

const emptyUsage = ({ handle, userId, service }: Counted, tool: string): Usage => ({
  handle,
  tool,
  userId,
  service,
  lastUsedAt: new Date(0),
  requests: 0,
  errors: 0,
  bytesIn: 0,
  bytesOut: 0,
  latencyMs: 0,
  streams: 0,
  latency: emptyBuckets(),
})

const countIn = (
  usage: Usage,
  { isError, isStream, bytesIn, bytesOut, latencyMs }: Passed,
): void => {
  usage.lastUsedAt.setTime(Date.now())
  usage.requests += 1
  if (isError) usage.errors += 1
  usage.bytesIn += bytesIn
  usage.bytesOut += bytesOut
  if (isStream) usage.streams += 1
  else {
    usage.latencyMs += latencyMs
    addLatency(usage.latency, latencyMs)
  }
}

const merge = (known: Usage, more: Usage): void => {
  if (more.lastUsedAt > known.lastUsedAt) known.lastUsedAt = more.lastUsedAt
  for (const sum of ['requests', 'errors', 'bytesIn', 'bytesOut', 'latencyMs', 'streams'] as const)
    known[sum] += more[sum]
  addLatencies(known.latency, more.latency)
}
