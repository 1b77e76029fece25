import type { Database } from '../../store/database.ts'
import { dropGone, noteGone, readGone } from '../../store/migration-gone.ts'

type Both = { source: Database; target: Database }

/** How many moved instances have no row in the older database any more. */
export const countGone = async ({ source, target }: Both): Promise<number> => {
  let count = 0
  for await (const { gone } of readGone(target, source)) count += gone.length
  return count
}

/**
 * What was deleted in the older database since it was moved stays, and the ledger says so: an old database that was emptied,
 * or another one by mistake, must not take everybody's access away. Who means it says `drop`.
 */
export const settleGone = async (
  { source, target }: Both,
  drop: boolean,
): Promise<{ sourceGone: number; dropped: number }> => {
  const sums = { sourceGone: 0, dropped: 0 }
  for await (const page of readGone(target, source)) {
    await noteGone(target, page)
    const dropped = drop && page.gone.length > 0 ? await dropGone(target, page.gone) : 0
    sums.dropped += dropped
    sums.sourceGone += page.gone.length - dropped
  }
  return sums
}
