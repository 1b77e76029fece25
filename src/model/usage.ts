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

/** What is asked of the usage; whole hours, older than 90 days whole days. */
export type UsageQuery = {
  from: Date
  to: Date
  by: 'service' | 'user' | 'instance' | 'tool'
  /** Absent: one sum over the whole time. */
  per?: 'hour' | 'day' | undefined
  userId?: string | undefined
  email?: string | undefined
  service?: string | undefined
  limit: number
}

/** What went through the gateways of one service, user, instance or tool. */
export type UsageSum = {
  /** When the hour or day began; absent in a sum over the whole time. */
  at?: string
  /** Of a tool `service/tool`; nothing behind the slash is what calls no tool. */
  name: string
  requests: number
  errors: number
  bytesIn: number
  bytesOut: number
  /** Of those that are no streams; null when all are. */
  meanLatencyMs: number | null
  /** To the accuracy of the buckets in which latencies are counted. */
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

/** An instance that nobody uses. */
export type IdleInstance = {
  instanceId: string
  email: string | null
  service: string
  createdAt: string
  lastUsedAt: string | null
}
