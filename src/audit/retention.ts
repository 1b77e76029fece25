import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'
import { createLoop } from '../base/loop.ts'
import type { By } from '../model/audit.ts'

type RetentionNeeds = {
  /** Undefined: entries are kept for good. */
  days: number | undefined
  /** Cuts away what is older; a signed checkpoint stands in its place. @returns how many entries */
  prune: (before: Date, by: By) => Promise<number>
  log: Log
  now?: () => number
  /** Before the first look; a daemon that starts has other things to do. */
  firstAfterMs?: number
}

const BY: By = { actor: 'system', from: 'local' }
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Keeps the audit log for so many days, by the hour. */
export const createAuditRetention = (needs: RetentionNeeds): Runnable => {
  const { days, prune, log, now = Date.now, firstAfterMs = 60_000 } = needs
  if (days === undefined)
    return { name: 'audit retention', start: () => Promise.resolve(), stop: () => Promise.resolve() } // prettier-ignore
  const turn = async (): Promise<number> => {
    try {
      const removed = await prune(new Date(now() - days * DAY_MS), BY)
      if (removed > 0) log.info('old audit entries cut away', { removed, days })
    } catch (error) {
      log.warn('old audit entries are still there', { error })
    }
    return HOUR_MS
  }
  return createLoop({ name: 'audit retention', turn, firstAfterMs })
}
