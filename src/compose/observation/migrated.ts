import { ledgerTotals } from '../../store/migration-ledger.ts'
import type { Database } from '../../store/database.ts'

/** Counting a million rows takes a while, and they change with a run alone. */
const FRESH_MS = 30_000

type Counts = ReadonlyMap<string, number>

/**
 * How many instances of the older model were moved, or left and why, by what the ledger says: runs are commands of their own,
 * and may be killed.
 *
 * @returns undefined while the database is away and nothing was counted yet
 */
export const createMigratedCount = (database: Database, now = () => performance.now()) => {
  let counts: Counts | undefined
  let countedAt = -Infinity
  return async (): Promise<Counts | undefined> => {
    if (now() - countedAt < FRESH_MS) return counts
    countedAt = now()
    try {
      const { moved, left } = await ledgerTotals(database)
      counts = new Map([...(moved > 0 ? [['moved', moved] as const] : []), ...Object.entries(left)])
    } catch {
      // a scrape tells of a database that is away by other figures
    }
    return counts
  }
}
