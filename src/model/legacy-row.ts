/** Where the older model keeps credentials. `a`: encrypted, beside the instance. `b`: in `api_keys`, in the clear. */
export type Variant = 'a' | 'b'

/** One instance of the older model. */
export type LegacyRow = {
  id: string
  userId: string | null
  /** Its user is in the old `users`. */
  hasUser: boolean
  /** The name in `mcp_types`; empty when it points at none. */
  type: string
  isActive: boolean
  /** By its status or its date, as the old database knows the time. */
  isExpired: boolean
  expiresAt: string | null
  status: string
  /** Microseconds since 1970; 0 when it is not known. */
  updatedAt: number
  /** SHA-256 of its access token, in hex. */
  tokenHash: string | null
  /** The first six digits of the MD5 of its id: the end of its handle. */
  suffix: string
  /** As it is stored: ciphertext or JSON. */
  credentials: string | null
}

/** Everything that a later change of would change what becomes of the row. */
export const contentOf = (row: LegacyRow): string =>
  JSON.stringify([
    row.userId, row.type, row.isActive, row.status, row.expiresAt, row.tokenHash, row.credentials,
  ]) // prettier-ignore

/** Why a row was left. */
export const REASONS = {
  no_user: 'belongs to no user',
  user_missing: 'its user is not in the table users',
  user_conflict: 'another user has the email of its user here',
  unknown_type: 'the registry has no service of this name',
  expired: 'expired, by status or date',
  inactive: 'switched off',
  no_credentials: 'has no credentials, or an empty object',
  undecodable: 'its credentials cannot be decoded',
  conflict: 'another instance of the same user and service goes before it',
  exists: 'the user has an own instance of the service here already',
  removed: 'was moved, and removed here since',
  rolled_back: 'was moved, and taken back',
  source_gone: 'was moved, and deleted in the older database since',
} as const

export type Reason = keyof typeof REASONS
