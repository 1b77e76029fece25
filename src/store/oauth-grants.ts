import { firstOf, type Database } from './database.ts'

/** What is renewed of an instance whose user signed in. */
export type StoredGrant = {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
  sealedOauth: string | null
  accessExpiresAt: Date | null
  tries: number
}

type Row = {
  instance_id: string
  user_id: string
  service_type: string
  encrypted_api_key: string
  sealed_oauth: string | null
  access_expires_at: Date | null
  refresh_tries: number
}

const COLUMNS =
  'instance_id, user_id, service_type, encrypted_api_key, sealed_oauth, access_expires_at, refresh_tries'

const toGrant = (row: Row): StoredGrant => ({
  handle: row.instance_id,
  userId: row.user_id,
  service: row.service_type,
  sealedCredentials: row.encrypted_api_key,
  sealedOauth: row.sealed_oauth,
  accessExpiresAt: row.access_expires_at,
  tries: row.refresh_tries,
})

/** Nobody has the lease, or whoever had it is gone. */
const FREE = '(refresh_lease is null or refresh_lease_until < now())'

/** Whether a renewal is wanted by who asks, or by schedule, and none has just failed. */
const wantedBy = (by: string): string =>
  `(refresh_at <= now() or (${by}::timestamptz >= access_expires_at and refresh_tries = 0))`

/** The access token ends until then; null: its time to be renewed by schedule has come. */
type Wanted = { handle: string; by: Date | null }
export type Claim = Wanted & { lease: string; leaseSeconds: number }

/**
 * Takes the lease on an instance's grant, when a renewal is wanted, nobody else makes it, and none has just failed. The row is
 * not held: a lease lasts over the call to the provider, and ends by itself when its holder dies.
 */
export const claimGrant = async (
  database: Database,
  { handle, lease, leaseSeconds, by }: Claim,
): Promise<StoredGrant | undefined> => {
  const rows = await database.query<Row>(
    `update user_service_instances
     set refresh_lease = $2, refresh_lease_until = now() + make_interval(secs => $3)
     where instance_id = $1 and ${FREE} and ${wantedBy('$4')}
     returning ${COLUMNS}`,
    [handle, lease, leaseSeconds, by],
  )
  const row = firstOf(rows)
  return row && toGrant(row)
}

export type GrantState = {
  isEnding: boolean
  isLeased: boolean
  /** Whether its renewal may be tried now. */
  isWanted: boolean
  refreshAt: Date | null
}

/** How an instance's renewal stands for who did not get the lease. */
export const readGrantState = async (
  database: Database,
  { handle, by }: Wanted,
): Promise<GrantState | undefined> =>
  firstOf(
    await database.query<GrantState>(
      `select coalesce(access_expires_at <= $2, false) as "isEnding", not ${FREE} as "isLeased",
         coalesce(${wantedBy('$2')}, false) as "isWanted", refresh_at as "refreshAt"
       from user_service_instances where instance_id = $1`,
      [handle, by],
    ),
  )

/** Instances whose time to be renewed has come and that nobody renews; the earliest first. */
export const listDueGrants = async (database: Database, limit: number): Promise<string[]> => {
  const rows = await database.query<{ instance_id: string }>(
    `select instance_id from user_service_instances where refresh_at <= now() and ${FREE} order by refresh_at limit $1`,
    [limit],
  )
  return rows.map((row) => row.instance_id)
}

type Leased = { handle: string; lease: string }

/** @returns false when the lease is somebody else's by now, or the user has entered something else */
export const recordRenewal = async (
  database: Database,
  change: Leased & {
    sealedCredentials: string
    sealedOauth: string
    accessExpiresAt: Date | null
    refreshAt: Date | null
  },
): Promise<boolean> => {
  const rows = await database.query(
    `update user_service_instances
     set encrypted_api_key = $3, sealed_oauth = $4, access_expires_at = $5, refresh_at = $6, refresh_tries = 0,
       refresh_lease = null, refresh_lease_until = null, updated_at = now()
     where instance_id = $1 and refresh_lease = $2 returning instance_id`,
    [change.handle, change.lease, change.sealedCredentials, change.sealedOauth, change.accessExpiresAt, change.refreshAt], // prettier-ignore
  )
  return rows.length > 0
}

/** The lease is given back, and the next try is made by schedule. */
export const recordFailedRenewal = async (
  database: Database,
  { handle, lease, refreshAt }: Leased & { refreshAt: Date },
): Promise<void> => {
  await database.query(
    `update user_service_instances
     set refresh_at = $3, refresh_tries = refresh_tries + 1, refresh_lease = null, refresh_lease_until = null
     where instance_id = $1 and refresh_lease = $2`,
    [handle, lease, refreshAt],
  )
}

/** The grant has ended: what is left of it is wiped, and the instance counts as refused until its user signs in again. */
export const recordEndedGrant = async (
  database: Database,
  { handle, lease }: Leased,
): Promise<boolean> => {
  const rows = await database.query(
    `update user_service_instances
     set sealed_oauth = null, access_expires_at = null, refresh_at = null, refresh_tries = 0, refresh_lease = null,
       refresh_lease_until = null, verification = 'invalid', verified_at = now(), check_at = null
     where instance_id = $1 and refresh_lease = $2 returning instance_id`,
    [handle, lease],
  )
  return rows.length > 0
}

/**
 * The API refuses an access token before its time: it counts as ended.
 * @returns false where there is nothing to renew it by, or it is another one by now
 */
export const expireGrant = async (
  database: Database,
  { handle, sealedCredentials }: { handle: string; sealedCredentials: string },
): Promise<boolean> => {
  const rows = await database.query(
    `update user_service_instances set access_expires_at = now(), refresh_tries = 0
     where instance_id = $1 and encrypted_api_key = $2 and sealed_oauth is not null returning instance_id`,
    [handle, sealedCredentials],
  )
  return rows.length > 0
}
