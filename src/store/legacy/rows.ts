import type { LegacyRow, Variant } from '../../model/legacy-row.ts'
import { firstOf, type Database } from '../database.ts'

/** Everything that is read of the older model stays as it is: its transactions are read-only. */
const READ_ONLY = 'set transaction isolation level repeatable read, read only'
const FETCH = 1_000

const CREDENTIALS: Readonly<Record<Variant, { columns: string; join: string }>> = {
  a: {
    columns: `coalesce(mi.is_active, false) as "isActive",
      coalesce(mi.status::text = 'expired', false) or coalesce(mi.expires_at <= now(), false) as "isExpired",
      mi.expires_at::text as "expiresAt", mi.encrypted_credentials::text as credentials`,
    join: '',
  },
  b: {
    columns: `coalesce(mi.is_active, false) and coalesce(k.is_active, true) as "isActive",
      coalesce(mi.status::text = 'expired', false) or coalesce(mi.expires_at <= now(), false)
        or coalesce(k.expires_at <= now(), false) as "isExpired",
      concat_ws(' ', mi.expires_at::text, k.expires_at::text) as "expiresAt", k.credentials::text as credentials`,
    join: 'left join api_keys k on k.id = mi.api_key_id',
  },
}

/** By user, then id: all of a user stand together, the rows without one at the end. */
const select = (variant: Variant): string =>
  `select mi.id::text as id, mi.user_id::text as "userId", u.id is not null as "hasUser",
     coalesce(t.name::text, '') as type, coalesce(mi.status::text, '') as status,
     coalesce(round((extract(epoch from mi.updated_at) * 1000000)::float8), 0) as "updatedAt",
     encode(sha256(convert_to(mi.access_token::text, 'UTF8')), 'hex') as "tokenHash",
     substr(md5(mi.id::text), 1, 6) as suffix, ${CREDENTIALS[variant].columns}
   from mcp_instances mi left join mcp_types t on t.id = mi.mcp_type_id left join users u on u.id = mi.user_id
   ${CREDENTIALS[variant].join} order by mi.user_id, mi.id`

export type LegacyReader = {
  total: number
  /** The next rows; none at the end. */
  next: () => Promise<LegacyRow[]>
}

/** Reads all instances as they are at one moment, some at a time. */
export const withLegacyRows = <T>(
  source: Database,
  variant: Variant,
  work: (reader: LegacyReader) => Promise<T>,
): Promise<T> =>
  source.kind === 'postgres'
    ? source.transaction(async (transaction) => {
        const total = await declare(transaction, `no scroll cursor for ${select(variant)}`)
        return work({ total, next: () => fetchFrom(transaction) })
      })
    : withHeldRows(source, variant, work)

/** The embedded database has one connection, which is needed for writing meanwhile: the cursor outlives its transaction. */
const withHeldRows = async <T>(
  source: Database,
  variant: Variant,
  work: (reader: LegacyReader) => Promise<T>,
): Promise<T> => {
  const total = await source.transaction((transaction) =>
    declare(transaction, `no scroll cursor with hold for ${select(variant)}`),
  )
  try {
    return await work({ total, next: () => fetchFrom(source) })
  } finally {
    await source.query('close legacy_rows')
  }
}

const declare = async (transaction: Database, cursor: string): Promise<number> => {
  await transaction.query(READ_ONLY)
  await transaction.query(`set local work_mem = '64MB'`)
  const rows = await transaction.query<{ count: string }>('select count(*)::text as count from mcp_instances') // prettier-ignore
  await transaction.query(`declare legacy_rows ${cursor}`)
  return Number(firstOf(rows)?.count ?? 0)
}

const fetchFrom = (database: Database): Promise<LegacyRow[]> =>
  database.query<LegacyRow>(`fetch ${FETCH} from legacy_rows`)

const SAMPLE: Readonly<Record<Variant, string>> = {
  a: 'select encrypted_credentials::text as text from mcp_instances where length(encrypted_credentials) > 0',
  b: 'select credentials::text as text from api_keys where credentials is not null',
}

/** Stored credentials for trying a decoder on. */
export const sampleCredentials = (
  source: Database,
  variant: Variant,
  limit: number,
): Promise<string[]> =>
  source.transaction(async (transaction) => {
    await transaction.query(READ_ONLY)
    const rows = await transaction.query<{ text: string }>(
      `${SAMPLE[variant]} order by random() limit $1`,
      [limit],
    )
    return rows.map(({ text }) => text)
  })

/** Emails of users by their id, for copying. */
export const readLegacyUsers = (
  source: Database,
  ids: readonly string[],
): Promise<{ id: string; email: string | null }[]> =>
  source.query('select id::text as id, email::text as email from users where id = any ($1::uuid[])', [ids]) // prettier-ignore
