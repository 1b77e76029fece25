import type { Database } from '../../store/database.ts'
import { lockMigration } from '../../store/migration-runs.ts'
import { undoBatch, undoUsers } from '../../store/migration-undo.ts'

export type RolledBack = {
  /** Instances that runs made, and nobody changed since. */
  removed: number
  /** Changed here since: they stay. */
  kept: number
  /** Users that runs copied, and who have nothing here. */
  users: number
}

const BATCH = 1_000

/** Takes back what runs have made, and that alone. May be ended at any moment and begun again. */
export const rollBackMigration = (
  database: Database,
  onProgress: (seen: number) => void,
): Promise<RolledBack> =>
  lockMigration(database, async () => {
    const sums = { removed: 0, kept: 0 }
    let seen = 0
    let after: string | undefined
    do {
      const batch = await undoBatch(database, { after, limit: BATCH })
      after = batch.last
      sums.removed += batch.removed
      sums.kept += batch.kept
      seen += batch.seen
      onProgress(seen)
    } while (after !== undefined)
    return { ...sums, users: await undoUsers(database) }
  })
