import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 16 * 1024
const pool = Buffer.alloc(POOL_BYTES)
let used = POOL_BYTES

/**
 * Random bytes of the system's generator, fetched many at a time: one call of it costs more than a whole sealing. They are
 * handed out once, and are gone from the pool.
 */
export const takeRandom = (bytes: number): Buffer => {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool)
    used = 0
  }
  const taken = Buffer.from(pool.subarray(used, used + bytes))
  pool.fill(0, used, used + bytes)
  used += bytes
  return taken
}
