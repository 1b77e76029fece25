/** What a user may do: `operator` sees the fleet and never a credential, `admin` everything. */
export const ROLES = ['user', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** What a token may do: see one's instances, change them, or use the role of its user. */
export const SCOPES = ['instances', 'read', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** Somebody who uses the fleet. */
export type User = {
  id: string
  email: string
  role: Role
  /** Null: as many as there are services. */
  maxInstances: number | null
  /** How many they have. */
  instances: number
}

/** Who signed for a user, and under which name; as in a JWT's `iss` and `sub`. */
export type Identity = { issuer: string; subject: string }

/** A part of a long list, and where the next one begins. */
export type Page<T> = { items: T[]; nextCursor: string | null }
