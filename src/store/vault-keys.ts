import type { VaultKeyState } from '../model/keys.ts'
import { firstOf, type Database } from './database.ts'

export type VaultKey = { kid: string; checkValue: string; state: VaultKeyState }

/** Any number, the same for all: starting processes and rotations go one after the other. */
const ADVISORY_LOCK = 4_916_2

/** Does `work` while no process starts and no key changes its state. */
export const lockVaultKeys = <T>(
  database: Database,
  work: (transaction: Database) => Promise<T>,
): Promise<T> =>
  database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    return work(transaction)
  })

export const listVaultKeys = async (database: Database): Promise<VaultKey[]> => {
  const rows = await database.query<{ kid: string; check_value: string; state: VaultKeyState }>(
    'select kid, check_value, state from vault_keys order by created_at, kid',
  )
  return rows.map((row) => ({ kid: row.kid, checkValue: row.check_value, state: row.state }))
}

/** The keys of a schema of any version; none where there is no schema yet. */
export const listKeysOfAnySchema = async (
  database: Database,
): Promise<{ kid: string; checkValue: string; state: string }[]> => {
  const there = await database.query<{ name: string | null }>(`select to_regclass('vault_keys')::text as name`) // prettier-ignore
  if (firstOf(there)?.name == null) return []
  const rows = await database.query<{ kid: string; check_value: string; state: string | null }>(
    `select kid, check_value, to_jsonb(vault_keys) ->> 'state' as state from vault_keys order by created_at, kid`,
  )
  return rows.map((row) => ({ kid: row.kid, checkValue: row.check_value, state: row.state ?? 'retired' })) // prettier-ignore
}

export const insertVaultKey = async (database: Database, key: VaultKey): Promise<void> => {
  await database.query('insert into vault_keys (kid, check_value, state) values ($1, $2, $3)', [
    key.kid,
    key.checkValue,
    key.state,
  ])
}

/** The pending key seals from now on, the one before opens only. */
export const activateVaultKey = async (database: Database, kid: string): Promise<void> => {
  await database.query(`update vault_keys set state = 'retired' where state = 'active'`)
  await database.query(`update vault_keys set state = 'active' where kid = $1`, [kid])
}

export const markKeyRemoved = async (database: Database, kid: string): Promise<void> => {
  await database.query(`update vault_keys set state = 'removed' where kid = $1`, [kid])
}
