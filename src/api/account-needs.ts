import type { Credentials } from '../model/host-credentials.ts'
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

export type User = { id: string; email: string }
export type Token = {
  id: string
  userId: string
  scopes: string[]
  createdAt: Date
  expiresAt: Date | null
}
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
  listUsers: (limit: number) => Promise<User[]>
  insertToken: (token: { userId: string; hash: Buffer; scopes: readonly string[]; expiresAt: Date | undefined }) => Promise<Token>
  listTokens: (filter: { userId?: string | undefined; limit: number }) => Promise<Token[]>
  revokeToken: (id: string) => Promise<boolean>
  findInstanceOf: (owner: Owner) => Promise<StoredInstance | undefined>
  listInstancesOf: (userId: string) => Promise<StoredInstance[]>
  insertInstance: (instance: {
    handle: string; userId: string; service: string; sealedCredentials: string; secretHash: Buffer; sealedSecret: string; sandbox: boolean; check: CheckState
  }) => Promise<StoredInstance | undefined>
  replaceCredentials: (change: { handle: string; sealedCredentials: string; check: CheckState }) => Promise<StoredInstance | undefined>
  replaceSecret: (change: { handle: string; secretHash: Buffer; sealedSecret: string }) => Promise<StoredInstance | undefined>
  deleteInstance: (owner: Owner) => Promise<string | undefined>
  /** Asks the service's API whether a key works. */
  verify: (service: Service, credentials: Credentials) => Promise<Verification>
  /** Does so for a stored key, and remembers the answer. */
  recheck: (instance: StoredInstance) => Promise<{ result: Verification; state: CheckState }>
  /** Gateways must not go on with what they remember of an instance. */
  onInstanceChange: (handle: string) => void
} // prettier-ignore
