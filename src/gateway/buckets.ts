import { LRUCache } from 'lru-cache'

/** What a draw costs and how much may be drawn at once, both as the ms in which they flow back. */
export type Draw = { costMs: number; capacityMs: number }

/** When it is full again. */
export type Bucket = { fullAt: number }

/** ms until the draw is possible; 0: it is now. */
export const waitMs = ({ fullAt }: Bucket, now: number, { costMs, capacityMs }: Draw): number =>
  Math.max(0, Math.max(0, fullAt - now) + costMs - Math.max(capacityMs, costMs))

export const draw = (bucket: Bucket, now: number, costMs: number): void => {
  bucket.fullAt = Math.max(bucket.fullAt, now) + costMs
}

/**
 * Token buckets as one number each (GCRA: the time at which the bucket is full again). A bucket that is forgotten for the
 * bound was the least used one, and is full again.
 */
export const createBuckets = (max: number) => {
  const buckets = new LRUCache<string, Bucket>({ max })
  return (key: string): Bucket => {
    let bucket = buckets.get(key)
    if (!bucket) buckets.set(key, (bucket = { fullAt: 0 }))
    return bucket
  }
}
