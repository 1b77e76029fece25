import type { Database } from './database.ts'

export type VaultKeyRow = { kid: string; checkValue: string }

export const listVaultKeys = async (database: Database): Promise<VaultKeyRow[]> => {
  const rows = await database.query<{ kid: string; check_value: string }>(
    'select kid, check_value from vault_keys order by created_at',
  )
  return rows.map((row) => ({ kid: row.kid, checkValue: row.check_value }))
}

/** Notes that a key seals here; a second time changes nothing. */
export const noteVaultKey = async (database: Database, key: VaultKeyRow): Promise<void> => {
  await database.query(
    'insert into vault_keys (kid, check_value) values ($1, $2) on conflict (kid) do nothing',
    [key.kid, key.checkValue],
  )
}
