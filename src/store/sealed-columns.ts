import type { Database } from './database.ts'

/**
 * A table with columns that the vault sealed. Names and expressions are SQL over the table; handle, user and service are
 * what the sealed value is bound to, as text.
 */
export type SealedTable = {
  table: string
  /** The primary key: one column and its type. */
  id: string
  idType: 'varchar' | 'uuid' | 'bigint' | 'bytea'
  handle: string
  userId: string
  service: string
  columns: readonly string[]
}

/**
 * Everything that is sealed here: what a rotation walks. A new column is one entry, and a trigger like
 * `user_service_instances_removed_key` in its migration.
 */
export const SEALED_TABLES: readonly SealedTable[] = [
  {
    table: 'user_service_instances',
    id: 'instance_id',
    idType: 'varchar',
    handle: 'instance_id',
    userId: 'user_id::text',
    service: 'service_type',
    columns: ['encrypted_api_key', 'sealed_secret', 'sealed_oauth'],
  },
  {
    table: 'oauth_clients',
    id: 'service_type',
    idType: 'varchar',
    handle: `'oauth_client'`,
    userId: `''`,
    service: 'service_type',
    columns: ['sealed_client_secret'],
  },
  {
    table: 'oauth_logins',
    id: 'state_hash',
    idType: 'bytea',
    handle: `encode(state_hash, 'hex')`,
    userId: 'user_id::text',
    service: 'service_type',
    columns: ['sealed_login'],
  },
  {
    table: 'webhooks',
    id: 'id',
    idType: 'uuid',
    handle: 'id::text',
    userId: `''`,
    service: `'webhook'`,
    columns: ['sealed_url', 'sealed_secret'],
  },
]

/** One row with its sealed values in the order of the table's columns; null where there is none. */
export type SealedRow = {
  id: string
  handle: string
  userId: string
  service: string
  sealed: (string | null)[]
}

const kidOf = (column: string) => `split_part(${column}, '.', 2)`

const isOutdated = ({ columns }: SealedTable, kid: string): string =>
  `(${columns.map((column) => `${kidOf(column)} <> ${kid}`).join(' or ')})`

/**
 * Takes the next rows that another key than `kid` sealed, and holds them until the transaction ends. Rows that somebody
 * else holds are left out: never waiting means never a deadlock.
 */
export const holdOutdated = (
  transaction: Database,
  of: SealedTable,
  { kid, after, limit }: { kid: string; after: string | undefined; limit: number },
): Promise<SealedRow[]> =>
  transaction.query<SealedRow>(
    `select ${of.id}::text as id, ${of.handle} as handle, ${of.userId} as "userId", ${of.service} as service,
       array[${of.columns.join(', ')}]::text[] as sealed
     from ${of.table} where ($2::text is null or ${of.id} > $2::text::${of.idType}) and ${isOutdated(of, '$1')}
     order by ${of.table}.${of.id} limit $3 for update skip locked`,
    [kid, after ?? null, limit],
  )

/** Writes rows back that were held. What they mean is the same, so gateways need not hear of it. */
export const writeSealed = async (
  transaction: Database,
  of: SealedTable,
  rows: readonly SealedRow[],
): Promise<void> => {
  await transaction.query(`select set_config('berth.resealing', 'on', true)`)
  const sets = of.columns.map((column, index) => `${column} = b.c${index}`)
  const names = of.columns.map((_column, index) => `c${index}`)
  const parameters = of.columns.map((_column, index) => `$${index + 2}::text[]`)
  await transaction.query(
    `update ${of.table} t set ${sets.join(', ')}
     from unnest($1::text[], ${parameters.join(', ')}) as b(id, ${names.join(', ')})
     where t.${of.id} = b.id::${of.idType}`,
    [rows.map(({ id }) => id), ...of.columns.map((_column, at) => rows.map(({ sealed }) => sealed[at]))], // prettier-ignore
  )
}

/** How many sealed values each key has in all tables. */
export const countSealedByKey = async (database: Database): Promise<Map<string, number>> => {
  const parts = SEALED_TABLES.flatMap(
    ({ table, columns }) =>
    columns.map((column) => `select ${kidOf(column)} as kid from ${table} where ${column} is not null`), // prettier-ignore
  )
  const rows = await database.query<{ kid: string; count: string }>(
    `select kid, count(*) as count from (${parts.join(' union all ')}) as sealed group by kid`,
  )
  return new Map(rows.map(({ kid, count }) => [kid, Number(count)]))
}

/** Nobody writes to what is sealed until the transaction ends. */
export const lockSealedTables = async (transaction: Database): Promise<void> => {
  const names = SEALED_TABLES.map(({ table }) => table)
  await transaction.query(`lock table ${names.join(', ')} in share mode`)
}
