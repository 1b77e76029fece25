import { firstOf, type Database } from './database.ts'

export type TokenRow = {
  id: string
  userId: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date | null
}
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
}

export const insertToken = async (database: Database, token: NewToken): Promise<TokenRow> => {
  const rows = await database.query<Row>(
    `insert into api_tokens (user_id, token_hash, scopes, expires_at) values ($1, $2, $3, $4)
     returning id, user_id, scopes, created_at, expires_at`,
    [token.userId, token.hash, token.scopes, token.expiresAt ?? null],
  )
  return toToken(rows[0] as Row)
}

/** A token that is neither expired nor revoked. */
export const findLiveToken = async (
  database: Database,
  hash: Buffer,
): Promise<TokenRow | undefined> => {
  const row = firstOf(
    await database.query<Row>(
      `select id, user_id, scopes, created_at, expires_at from api_tokens
       where token_hash = $1 and revoked_at is null and (expires_at is null or expires_at > now())`,
      [hash],
    ),
  )
  return row && toToken(row)
}

/** The live tokens of a user, or of all; newest first, at most `limit`. */
export const listTokens = async (
  database: Database,
  filter: { userId?: string | undefined; limit: number },
): Promise<TokenRow[]> => {
  const rows = await database.query<Row>(
    `select id, user_id, scopes, created_at, expires_at from api_tokens
     where revoked_at is null and (expires_at is null or expires_at > now()) and ($1::uuid is null or user_id = $1)
     order by created_at desc limit $2`,
    [filter.userId ?? null, filter.limit],
  )
  return rows.map(toToken)
}

/** @returns whether there was such a token */
export const revokeToken = async (database: Database, id: string): Promise<boolean> => {
  const rows = await database.query(
    'update api_tokens set revoked_at = now() where id = $1 and revoked_at is null returning id',
    [id],
  )
  return rows.length > 0
}
