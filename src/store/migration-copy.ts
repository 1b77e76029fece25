import { AppError, systemCodeOf } from '../base/errors.ts'
import { copyBytes, copyText, copyValue } from './copy-text.ts'
import { firstOf, type Database } from './database.ts'
import type { LedgerEntry } from './migration-ledger.ts'
import type { MovedRow } from './migration-writes.ts'

const INSTANCES = `user_service_instances
  (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, sandbox, check_at, updated_at)`
const LEDGER = `migration_ledger
  (old_instance_id, old_type, old_token_hash, user_id, outcome, reason, instance_id, source_hash, flags, run_id, made, moved_at)`

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
      const { text, seconds } = await beginCopying(transaction)
      const instances = moved.map((row) => instanceLine(row, { isSandbox, text, seconds }))
      await transaction.copy(INSTANCES, copyText(instances))
      const noted = [
        ...moved.map((row) => movedLine(row, { runId, text })),
        ...left.map((entry) => leftLine(entry, runId)),
      ]
      await transaction.copy(LEDGER, copyText(noted))
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
const beginCopying = async (transaction: Database): Promise<Moment> => {
  const rows = await transaction.query<Moment>(
    `select now()::text as text, extract(epoch from now())::float8 as seconds,
       set_config('synchronous_commit', 'off', true)`,
  )
  const moment = firstOf(rows)
  if (!moment) throw new AppError('internal', 'The database does not say what time it is.')
  return moment
}

type Moment = { text: string; seconds: number }

// Handles, ids, hex and base64url need no look at what is in them.
const instanceLine = (
  row: MovedRow,
  { isSandbox, text, seconds }: Moment & { isSandbox: boolean },
): string => {
  const checkAt = new Date((seconds + row.checkAfterS) * 1000).toISOString()
  return `${row.handle}\t${row.userId}\t${copyValue(row.service)}\t${row.sealedCredentials}\t${copyBytes(row.secretHash)}\t${row.sealedSecret}\t${isSandbox}\t${checkAt}\t${text}` // prettier-ignore
}

const movedLine = (row: MovedRow, { runId, text }: { runId: string; text: string }): string =>
  `${row.oldId}\t${copyValue(row.oldType)}\t${copyBytes(row.tokenHash)}\t${row.userId}\tmoved\t\\N\t${row.handle}\t${copyBytes(row.hash)}\t${row.isIncomplete ? '{incomplete}' : '{}'}\t${runId}\ttrue\t${text}` // prettier-ignore

const leftLine = (entry: LedgerEntry, runId: string): string =>
  `${entry.oldId}\t${copyValue(entry.oldType)}\t${copyBytes(entry.tokenHash)}\t${entry.userId ?? '\\N'}\tleft\t${entry.reason}\t\\N\t${copyBytes(entry.hash)}\t{}\t${runId}\tfalse\t\\N` // prettier-ignore
