import { firstOf, type Database } from './database.ts'

/** A process that writes numbered batches. */
export type BatchWriter = { id: string; batch: number }

/**
 * Whether a batch is new, and notes that it is written now. A batch whose answer was lost is tried again by its writer, and
 * must not count twice.
 */
export const noteBatch = async (
  transaction: Database,
  { id, batch }: BatchWriter,
): Promise<boolean> => {
  const rows = await transaction.query<{ id: string }>(
    `insert into batch_writers as writer (id, last) values ($1, $2)
     on conflict (id) do update set last = excluded.last, seen_at = now() where writer.last < excluded.last
     returning id`,
    [id, batch],
  )
  return firstOf(rows) !== undefined
}

const KEPT = '7 days'

/** Forgets writers that are gone. */
export const pruneBatchWriters = async (database: Database): Promise<void> => {
  await database.query(`delete from batch_writers where seen_at < now() - interval '${KEPT}'`)
}
