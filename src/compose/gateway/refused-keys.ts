import { LRUCache } from 'lru-cache'
import type { Log } from '../../base/log.ts'
import { checkSoon } from '../../store/checks.ts'
import type { Database } from '../../store/database.ts'

const MAX_INSTANCES = 10_000
/** An API that refuses one call refuses many. */
const PAUSE_MS = 5 * 60_000

/** An API refused a call: whether it still takes the key is asked soon, once in a while for each instance. */
export const createRefusedKeys = (database: Database, log: Log) => {
  const noted = new LRUCache<string, true>({ max: MAX_INSTANCES, ttl: PAUSE_MS })
  return (handle: string): void => {
    if (noted.has(handle)) return
    noted.set(handle, true)
    checkSoon(database, handle).catch((error: unknown) => {
      noted.delete(handle)
      log.warn('a refused key is not asked about', { handle, error })
    })
  }
}
