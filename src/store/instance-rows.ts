import type { CheckState } from '../model/verification.ts'

/** One user's access to one service. */
export type Instance = {
  handle: string
  userId: string
  service: string
  /** Sealed credentials. */
  sealedCredentials: string
  secretHash: Buffer
  sealedSecret: string
  isActive: boolean
  createdAt: Date
  updatedAt: Date
  lastUsedAt: Date | null
  /** When the access token of a sign-in ends. */
  accessExpiresAt: Date | null
} & CheckState

export type InstanceRow = {
  instance_id: string
  user_id: string
  service_type: string
  encrypted_api_key: string
  secret_hash: Uint8Array
  sealed_secret: string
  is_active: boolean
  created_at: Date
  updated_at: Date
  last_used_at: Date | null
  access_expires_at: Date | null
  verification: CheckState['verification']
  account: string | null
  verified_at: Date | null
  check_tries: number
  check_at: Date | null
}

/** Of `InstanceRow`. */
export const INSTANCE_COLUMNS = `instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, is_active,
  created_at, updated_at, last_used_at, access_expires_at, verification, account, verified_at, check_tries, check_at`

export const toInstance = (row: InstanceRow): Instance => ({
  handle: row.instance_id,
  userId: row.user_id,
  service: row.service_type,
  sealedCredentials: row.encrypted_api_key,
  secretHash: Buffer.from(row.secret_hash),
  sealedSecret: row.sealed_secret,
  isActive: row.is_active,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  lastUsedAt: row.last_used_at,
  accessExpiresAt: row.access_expires_at,
  verification: row.verification,
  account: row.account,
  verifiedAt: row.verified_at,
  checkTries: row.check_tries,
  checkAt: row.check_at,
})

/** What comes with an access token of a sign-in. */
export type SealedGrant = {
  sealedOauth: string
  accessExpiresAt: Date | null
  refreshAt: Date | null
}

/** In the order verification, account, verified_at, check_tries, check_at. */
export const checkValues = (check: CheckState) => [
  check.verification,
  check.account,
  check.verifiedAt,
  check.checkTries,
  check.checkAt,
]

/** In the order sealed_oauth, access_expires_at, refresh_at. */
export const grantValues = (grant: SealedGrant | undefined) => [
  grant?.sealedOauth ?? null,
  grant?.accessExpiresAt ?? null,
  grant?.refreshAt ?? null,
]
