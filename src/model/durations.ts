import { addLatency, emptyBuckets } from './latency.ts'

/** Durations of one kind of work, in {@link LATENCY_BOUNDS_MS}. */
export const createDurations = () => {
  const buckets = emptyBuckets()
  let totalMs = 0
  return {
    add: (ms: number): void => {
      addLatency(buckets, ms)
      totalMs += ms
    },
    figures: (): { buckets: readonly number[]; totalMs: number } => ({ buckets, totalMs }),
  }
}
