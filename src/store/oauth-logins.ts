import { firstOf, type Database } from './database.ts'

/** A sign-in under way, or what became of it. */
export type StoredLogin = {
  stateHash: Buffer
  userId: string
  service: string
  /** Null once it was used. */
  sealedLogin: string | null
  sandbox: boolean
  isExpired: boolean
  outcome: string | null
  expiresAt: Date
}

type Row = {
  state_hash: Uint8Array
  user_id: string
  service_type: string
  sealed_login: string | null
  sandbox: boolean
  is_expired: boolean
  outcome: string | null
  expires_at: Date
}

const COLUMNS = `state_hash, user_id, service_type, sealed_login, sandbox, expires_at <= now() as is_expired, outcome,
  expires_at`

const toLogin = (row: Row): StoredLogin => ({
  stateHash: Buffer.from(row.state_hash),
  userId: row.user_id,
  service: row.service_type,
  sealedLogin: row.sealed_login,
  sandbox: row.sandbox,
  isExpired: row.is_expired,
  outcome: row.outcome,
  expiresAt: row.expires_at,
})

export type NewLogin = {
  stateHash: Buffer
  userId: string
  service: string
  sealedLogin: string
  sandbox: boolean
  lifeSeconds: number
}

/** A user has one sign-in to a service at a time: an earlier one can't be finished any more. */
export const insertLogin = (database: Database, login: NewLogin): Promise<Date> =>
  database.transaction(async (transaction) => {
    await transaction.query('delete from oauth_logins where user_id = $1 and service_type = $2', [
      login.userId,
      login.service,
    ])
    const rows = await transaction.query<{ expires_at: Date }>(
      `insert into oauth_logins (state_hash, user_id, service_type, sealed_login, sandbox, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) returning expires_at`,
      [login.stateHash, login.userId, login.service, login.sealedLogin, login.sandbox, login.lifeSeconds], // prettier-ignore
    )
    return firstOf(rows)?.expires_at ?? new Date()
  })

/**
 * Takes a sign-in for use: of several that come with the same state one gets what is sealed, and it is wiped.
 * @returns the row as it was before; undefined when there is none
 */
export const takeLogin = async (
  database: Database,
  stateHash: Buffer,
): Promise<StoredLogin | undefined> =>
  database.transaction(async (transaction) => {
    const rows = await transaction.query<Row>(
      `select ${COLUMNS} from oauth_logins where state_hash = $1 for update`,
      [stateHash],
    )
    const row = firstOf(rows)
    if (row?.sealed_login)
      await transaction.query(
        'update oauth_logins set sealed_login = null, used_at = now() where state_hash = $1',
        [stateHash],
      )
    return row && toLogin(row)
  })

export const setLoginOutcome = async (
  database: Database,
  stateHash: Buffer,
  outcome: string,
): Promise<void> => {
  await database.query('update oauth_logins set outcome = $2 where state_hash = $1', [
    stateHash,
    outcome,
  ])
}

/** A user's latest sign-in to a service. */
export const findLoginOf = async (
  database: Database,
  owner: { userId: string; service: string },
): Promise<StoredLogin | undefined> => {
  const rows = await database.query<Row>(
    `select ${COLUMNS} from oauth_logins where user_id = $1 and service_type = $2`,
    [owner.userId, owner.service],
  )
  const row = firstOf(rows)
  return row && toLogin(row)
}

/** Forgets those that expired a while ago; until then their pages can say so. */
export const pruneLogins = async (database: Database): Promise<void> => {
  await database.query(`delete from oauth_logins where expires_at < now() - interval '1 day'`)
}
