import { AppError, systemCodeOf } from '../base/errors.ts'
import { copyBytes, copyText, copyValue } from './copy-text.ts'
import { firstOf, type Database, type Transaction } from './database.ts'
import type { LedgerEntry } from './migration-ledger.ts'
import type { MovedRow } from './migration-writes.ts'

type NewRows = { moved: readonly MovedRow[]; left: readonly LedgerEntry[] }

/**
 * Makes instances, and notes them and what is left in a ledger that knows nothing of any of them: half of what statements
 * that look for each row cost.
 *
 * @returns false when one of them is there already, or its handle is taken, or its user has one of the service: then
 * nothing was written
 */
export const copyMoved = async (
  database: Database,
  { runId, isSandbox }: { runId: string; isSandbox: boolean },
  { moved, left }: NewRows,
): Promise<boolean> => {
  try {
    await database.transaction(async (transaction) => {
      const at = { runId, isSandbox, ...(await beginCopying(transaction)) }
      await copyRows(
        transaction,
        { table: 'user_service_instances', columns: instanceColumns(at) },
        moved,
      )
      await copyRows(transaction, { table: 'migration_ledger', columns: movedColumns(at) }, moved)
      await copyRows(transaction, { table: 'migration_ledger', columns: leftColumns(at) }, left)
    })
    return true
  } catch (error) {
    if (systemCodeOf(error) === UNIQUE) return false
    throw error
  }
}

/** SQLSTATE */
const UNIQUE = '23505'

/** As `commitLater`. @returns the moment: the ledger's `moved_at` is the instance's `updated_at`, to the microsecond */
const beginCopying = async (transaction: Transaction): Promise<Moment> => {
  const rows = await transaction.query<Moment>(
    `select now()::text as text, extract(epoch from now())::float8 as seconds,
       set_config('synchronous_commit', 'off', true)`,
  )
  const moment = firstOf(rows)
  if (!moment) throw new AppError('internal', 'The database does not say what time it is.')
  return moment
}

type Moment = { text: string; seconds: number }
type At = Moment & { runId: string; isSandbox: boolean }

/** By the name of a column its value, as `copyText` wants it. */
type Columns<Row> = Readonly<Record<string, (row: Row) => string>>

type Target<Row> = { table: string; columns: Columns<Row> }

const copyRows = async <Row>(transaction: Transaction, { table, columns }: Target<Row>, rows: readonly Row[]): Promise<void> => {
  if (rows.length === 0) return
  const values = Object.values(columns)
  const lines = rows.map((row) => values.map((valueOf) => valueOf(row)).join('\t'))
  await transaction.copy(`${table} (${Object.keys(columns).join(', ')})`, copyText(lines))
} // prettier-ignore

// Handles, ids, hex and base64url need no look at what is in them.
const instanceColumns = ({ isSandbox, text, seconds }: At): Columns<MovedRow> => ({
  instance_id: ({ handle }) => handle,
  user_id: ({ userId }) => userId,
  service_type: ({ service }) => copyValue(service),
  encrypted_api_key: ({ sealedCredentials }) => sealedCredentials,
  secret_hash: ({ secretHash }) => copyBytes(secretHash),
  sealed_secret: ({ sealedSecret }) => sealedSecret,
  sandbox: () => String(isSandbox),
  check_at: ({ checkAfterS }) => new Date((seconds + checkAfterS) * 1000).toISOString(),
  updated_at: () => text,
})

const movedColumns = ({ runId, text }: At): Columns<MovedRow> => ({
  old_instance_id: ({ oldId }) => oldId,
  old_type: ({ oldType }) => copyValue(oldType),
  old_token_hash: ({ tokenHash }) => copyBytes(tokenHash),
  user_id: ({ userId }) => userId,
  outcome: () => 'moved',
  instance_id: ({ handle }) => handle,
  source_hash: ({ hash }) => copyBytes(hash),
  flags: ({ isIncomplete }) => (isIncomplete ? '{incomplete}' : '{}'),
  run_id: () => runId,
  made: () => 'true',
  moved_at: () => text,
})

const leftColumns = ({ runId }: At): Columns<LedgerEntry> => ({
  old_instance_id: ({ oldId }) => oldId,
  old_type: ({ oldType }) => copyValue(oldType),
  old_token_hash: ({ tokenHash }) => copyBytes(tokenHash),
  user_id: ({ userId }) => copyValue(userId),
  outcome: () => 'left',
  reason: ({ reason }) => copyValue(reason),
  source_hash: ({ hash }) => copyBytes(hash),
  flags: () => '{}',
  run_id: () => runId,
  made: () => 'false',
})
