import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'
import { pruneBatchWriters } from '../store/batch-writers.ts'
import type { Database } from '../store/database.ts'
import { pruneEvents } from '../store/events.ts'
import { pruneHealth } from '../store/health.ts'
import { rollUpUsage } from '../store/usage.ts'
import { pruneDeadLetters } from '../store/webhooks.ts'

const PRUNE_MS = 3_600_000

/** Forgets what is old; one process is enough. */
export const createPruning = (database: Database, log: Log): Runnable => {
  let timer: NodeJS.Timeout | undefined
  const prune = () => {
    const forget = [rollUpUsage, pruneEvents, pruneHealth, pruneBatchWriters, pruneDeadLetters]
    for (const prune of forget)
      prune(database).catch((error: unknown) => log.warn('what is old is still there', { error }))
  }
  return {
    name: 'pruning',
    start: () => {
      timer ??= setInterval(prune, PRUNE_MS)
      return Promise.resolve()
    },
    stop: () => {
      clearInterval(timer)
      return Promise.resolve()
    },
  }
}
