import type { Role } from '../model/account.ts'
import { firstOf, type Database } from './database.ts'

export type TokenRow = {
  id: string
  userId: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date | null
}
/** A token as lists show it. */
export type ListedToken = TokenRow & { email: string; name: string; lastUsedAt: Date | null }
/** A token that may be used now, and the role of its user. */
export type LiveToken = TokenRow & { role: Role }

type Row = {
  id: string
  user_id: string
  scopes: string[]
  created_at: Date
  expires_at: Date | null
}

const toToken = (row: Row): TokenRow => ({
  id: row.id,
  userId: row.user_id,
  scopes: row.scopes,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
})

export type NewToken = {
  userId: string
  hash: Buffer
  scopes: readonly string[]
  expiresAt: Date | undefined
  name?: string | undefined
}

export const insertToken = async (database: Database, token: NewToken): Promise<TokenRow> => {
  const rows = await database.query<Row>(
    `insert into api_tokens (user_id, token_hash, scopes, expires_at, name) values ($1, $2, $3, $4, $5)
     returning id, user_id, scopes, created_at, expires_at`,
    [token.userId, token.hash, token.scopes, token.expiresAt ?? null, token.name ?? ''],
  )
  return toToken(rows[0] as Row)
}

/** A token that is neither expired nor revoked; that it was used is noted, to the minute. */
export const findLiveToken = async (
  database: Database,
  hash: Buffer,
): Promise<LiveToken | undefined> => {
  const row = firstOf(
    await database.query<Row & { role: Role; is_noted: boolean }>(
      `select t.id, t.user_id, t.scopes, t.created_at, t.expires_at, coalesce(s.role, 'user') as role,
         coalesce(t.last_used_at > now() - interval '1 minute', false) as is_noted
       from api_tokens t join users u on u.id = t.user_id left join user_settings s on s.user_id = t.user_id
       where t.token_hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())`,
      [hash],
    ),
  )
  if (row && !row.is_noted)
    await database.query('update api_tokens set last_used_at = now() where id = $1', [row.id])
  return row && { ...toToken(row), role: row.role }
}

type Filter = {
  userId?: string | undefined
  /** The last token of the page before. */
  after?: { createdAt: Date; id: string } | undefined
  limit: number
}

/** The live tokens of a user, or of all; newest first, at most `limit`. */
export const listTokens = async (database: Database, filter: Filter): Promise<ListedToken[]> => {
  // A cursor carries milliseconds; the database knows microseconds.
  const at = `date_trunc('milliseconds', t.created_at)`
  const rows = await database.query<
    Row & { email: string; name: string; last_used_at: Date | null }
  >(
    `select t.id, t.user_id, t.scopes, t.created_at, t.expires_at, t.name, t.last_used_at, u.email
     from api_tokens t join users u on u.id = t.user_id
     where t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
       and ($1::uuid is null or t.user_id = $1)
       and ($2::timestamptz is null or (${at}, t.id) < ($2::timestamptz, $3::uuid))
     order by ${at} desc, t.id desc limit $4`,
    [
      filter.userId ?? null,
      filter.after?.createdAt ?? null,
      filter.after?.id ?? null,
      filter.limit,
    ],
  )
  return rows.map((row) => ({
    ...toToken(row),
    email: row.email,
    name: row.name,
    lastUsedAt: row.last_used_at,
  }))
}

/** @returns whether there was such a token */
export const revokeToken = async (database: Database, id: string): Promise<boolean> => {
  const rows = await database.query(
    'update api_tokens set revoked_at = now() where id = $1 and revoked_at is null returning id',
    [id],
  )
  return rows.length > 0
}
