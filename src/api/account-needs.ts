import type { Credentials } from '../model/host-credentials.ts'
import type { Identity, Role, Scope, User } from '../model/account.ts'
import type { TokenTimes } from '../model/oauth.ts'
import type { Service } from '../model/service.ts'
import type { CheckState, Verification } from '../model/verification.ts'

/** A stored instance, as far as accounts need it. */
export type StoredInstance = {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
  sealedSecret: string
  isActive: boolean
  createdAt: Date
  updatedAt: Date
  lastUsedAt: Date | null
} & CheckState

/** A token as the store lists it. */
export type Token = {
  id: string
  userId: string
  email: string
  name: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
}
type NewToken = {
  userId: string
  hash: Buffer
  name: string
  scopes: readonly Scope[]
  expiresAt: Date | undefined
}
/** An instance of anybody, as the operator sees it: without its URL. */
export type ListedInstance = {
  handle: string
  email: string
  service: string
  isActive: boolean
  verification: CheckState['verification']
  createdAt: Date
  lastUsedAt: Date | null
}
/** What comes with an access token of a sign-in. */
type SealedGrant = TokenTimes & { sealedOauth: string }
export type Owner = { userId: string; service: string }
export type Place = { handle: string; userId: string; service: string; column: string }

/** What accounts need of the store and the vault. */
export type AccountNeeds = {
  services: () => readonly Service[]
  baseUrl: string
  isSandbox: boolean
  seal: (place: Place, plaintext: string) => string
  open: (place: Place, sealed: string) => string
  insertUser: (email: string) => Promise<User>
  findUserByEmail: (email: string) => Promise<User | undefined>
  findUser: (id: string) => Promise<User | undefined>
  listUsers: (page: { after?: { email: string; id: string } | undefined; limit: number }) => Promise<User[]>
  setRole: (userId: string, role: Role) => Promise<void>
  setMaxInstances: (userId: string, maxInstances: number | null) => Promise<void>
  /** @returns the handles that are gone */
  removeUser: (userId: string) => Promise<string[]>
  insertIdentity: (identity: Identity & { userId: string }) => Promise<void>
  listIdentities: (userId: string) => Promise<Identity[]>
  deleteIdentity: (identity: Identity & { userId: string }) => Promise<boolean>
  insertToken: (token: NewToken) => Promise<{ id: string; expiresAt: Date | null }>
  listTokens: (filter: { userId?: string | undefined; after?: { createdAt: Date; id: string } | undefined; limit: number }) => Promise<Token[]>
  revokeToken: (id: string) => Promise<boolean>
  listAllInstances: (page: { after?: string | undefined; limit: number }) => Promise<ListedInstance[]>
  findInstanceOf: (owner: Owner) => Promise<StoredInstance | undefined>
  listInstancesOf: (userId: string) => Promise<StoredInstance[]>
  insertInstance: (instance: {
    handle: string; userId: string; service: string; sealedCredentials: string; secretHash: Buffer; sealedSecret: string; sandbox: boolean; check: CheckState; grant?: SealedGrant | undefined
  }) => Promise<StoredInstance | undefined>
  replaceCredentials: (change: { handle: string; sealedCredentials: string; check: CheckState; grant?: SealedGrant | undefined }) => Promise<StoredInstance | undefined>
  replaceSecret: (change: { handle: string; secretHash: Buffer; sealedSecret: string }) => Promise<StoredInstance | undefined>
  setInstanceActive: (change: { handle: string; isActive: boolean }) => Promise<StoredInstance | undefined>
  deleteInstance: (owner: Owner) => Promise<string | undefined>
  /** Asks the service's API whether a key works. */
  verify: (service: Service, credentials: Credentials) => Promise<Verification>
  /** Does so for a stored key, and remembers the answer. */
  recheck: (instance: StoredInstance) => Promise<{ result: Verification; state: CheckState }>
  /** Gateways must not go on with what they remember of an instance. */
  onInstanceChange: (handle: string) => void
  /** Nor of a token, a user or an identity. */
  onAccountChange: () => void
} // prettier-ignore
