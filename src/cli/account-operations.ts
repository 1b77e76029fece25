import type { InstanceView, ListedView } from '../api/instance-accounts.ts'
import type { TokenView } from '../api/token-accounts.ts'
import type { UserChange } from '../api/user-accounts.ts'
import type { Identity, Scope, User } from '../model/account.ts'
import type { CredentialsInput } from '../model/credentials-input.ts'

type NewToken = { id: string; token: string; expiresAt: string | null }
type TokenRequest = {
  email: string
  expiresAt: Date | undefined
  scopes?: readonly Scope[] | undefined
  name?: string | undefined
}
export type OfUser = { email: string; service: string }
type Authenticated = {
  instanceId: string
  instanceUrl: string
  verification: string
  account?: string
}

type ClientView = { service: string; clientId: string; hasSecret: boolean; updatedAt: string }
type NewClient = { service: string; clientId: string; clientSecret?: string | undefined }

/** What account commands may do; over HTTP with the daemon up, else on the database itself. */
export type Operations = {
  addUser: (email: string) => Promise<User>
  listUsers: () => Promise<User[]>
  changeUser: (email: string, change: UserChange) => Promise<User>
  removeUser: (email: string) => Promise<void>
  linkIdentity: (email: string, identity: Identity) => Promise<void>
  unlinkIdentity: (email: string, identity: Identity) => Promise<void>
  createToken: (request: TokenRequest) => Promise<NewToken>
  listTokens: (email: string | undefined) => Promise<TokenView[]>
  revokeToken: (id: string) => Promise<void>
  createInstance: (request: OfUser & CredentialsInput) => Promise<Authenticated>
  listInstances: (email: string) => Promise<InstanceView[]>
  listAllInstances: () => Promise<ListedView[]>
  rotateInstance: (of: OfUser) => Promise<InstanceView>
  switchInstance: (of: OfUser, action: 'pause' | 'resume') => Promise<InstanceView>
  verifyInstance: (of: OfUser) => Promise<InstanceView>
  removeInstance: (of: OfUser) => Promise<void>
  listOAuthClients: () => Promise<{ clients: ClientView[]; redirectUri: string }>
  setOAuthClient: (client: NewClient) => Promise<void>
  removeOAuthClient: (service: string) => Promise<void>
}
