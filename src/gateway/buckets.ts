import { LRUCache } from 'lru-cache'

/** What a draw costs and how much may be drawn at once, both as the ms in which they flow back. */
export type Draw = { costMs: number; capacityMs: number }

/**
 * Token buckets as one number each (GCRA: the time at which the bucket is full again). A bucket that is forgotten for the
 * bound was the least used one, and is full again.
 */
export const createBuckets = (max: number, now: () => number = () => performance.now()) => {
  const fullAt = new LRUCache<string, number>({ max })
  const debtOf = (key: string): number => Math.max(0, (fullAt.get(key) ?? 0) - now())
  return {
    /** ms until the draw is possible; 0: it is now. */
    waitMs: (key: string, { costMs, capacityMs }: Draw): number =>
      Math.max(0, debtOf(key) + costMs - Math.max(capacityMs, costMs)),
    draw: (key: string, costMs: number): void => {
      fullAt.set(key, now() + debtOf(key) + costMs)
    },
  }
}
