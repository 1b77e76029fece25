import { systemCodeOf } from '../base/errors.ts'
import { copyText } from './copy-text.ts'
import { firstOf, type Database } from './database.ts'
import type { LedgerEntry } from './migration-ledger.ts'
import { commitLater, type MovedRow } from './migration-writes.ts'

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
      await commitLater(transaction)
      const { text, seconds } = await momentOf(transaction)
      const checkAt = (row: MovedRow) => new Date((seconds + row.checkAfterS) * 1000).toISOString()
      await transaction.copy(INSTANCES, copyText(moved.map((row) => [
        row.handle, row.userId, row.service, row.sealedCredentials, bytea(row.secretHash), row.sealedSecret,
        String(isSandbox), checkAt(row), text,
      ]))) // prettier-ignore
      await transaction.copy(LEDGER, copyText([
        ...moved.map((row) => [
          row.oldId, row.oldType, bytea(row.tokenHash), row.userId, 'moved', null, row.handle, bytea(row.hash),
          row.isIncomplete ? '{incomplete}' : '{}', runId, 'true', text,
        ]),
        ...left.map((entry) => [
          entry.oldId, entry.oldType, bytea(entry.tokenHash), entry.userId, 'left', entry.reason, null, bytea(entry.hash),
          '{}', runId, 'false', null,
        ]),
      ])) // prettier-ignore
    })
    return true
  } catch (error) {
    if (systemCodeOf(error) === UNIQUE) return false
    throw error
  }
}

/** SQLSTATE */
const UNIQUE = '23505'

/** The ledger's `moved_at` is the instance's `updated_at`, to the microsecond. */
const momentOf = async (transaction: Database): Promise<{ text: string; seconds: number }> => {
  const rows = await transaction.query<{ text: string; seconds: number }>(
    'select now()::text as text, extract(epoch from now())::float8 as seconds',
  )
  return firstOf(rows) ?? { text: 'now', seconds: 0 }
}

/** Hex as Postgres writes bytes. */
const bytea = (hex: string | null): string | null => (hex === null ? null : `\\x${hex}`)
