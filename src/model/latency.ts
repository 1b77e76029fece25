/**
 * Upper bounds of the buckets in which latencies are counted, in milliseconds; a last bucket takes what is above. Sums of
 * buckets are the buckets of the sum: over hours, instances and processes.
 */
export const LATENCY_BOUNDS_MS = [
  1, 2.5, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 10_000, 30_000,
] as const

const LATENCY_BUCKETS = LATENCY_BOUNDS_MS.length + 1

const EMPTY: readonly number[] = Array.from({ length: LATENCY_BUCKETS }, () => 0)

export const emptyBuckets = (): number[] => EMPTY.slice()

/** The bucket of a latency. */
export const bucketOf = (ms: number): number => {
  let index = 0
  while (index < LATENCY_BOUNDS_MS.length && ms > (LATENCY_BOUNDS_MS[index] ?? 0)) index += 1
  return index
}

/** Counts a latency. */
export const addLatency = (buckets: number[], ms: number): void => {
  const index = bucketOf(ms)
  buckets[index] = (buckets[index] ?? 0) + 1
}

/** Adds the counts of other buckets. */
export const addLatencies = (buckets: number[], more: readonly number[]): void => {
  for (const [index, count] of more.entries()) buckets[index] = (buckets[index] ?? 0) + count
}

/**
 * The latency below which that part of all lie, in milliseconds, to the accuracy of the buckets: within one, evenly spread.
 * What is above the last bound counts as that bound.
 *
 * @param part 0.95 for the 95th percentile
 * @returns null when nothing was counted
 */
export const percentileOf = (buckets: readonly number[], part: number): number | null => {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  let left = total * part
  for (const [index, bound] of LATENCY_BOUNDS_MS.entries()) {
    const count = buckets[index] ?? 0
    const lower = LATENCY_BOUNDS_MS[index - 1] ?? 0
    if (count > 0 && left <= count) return lower + ((bound - lower) * left) / count
    left -= count
  }
  return LATENCY_BOUNDS_MS.at(-1) ?? null
}
