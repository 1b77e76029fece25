import type { InstanceView } from '../api/instance-accounts.ts'
import type { TokenView } from '../api/user-accounts.ts'
import type { Config } from '../base/config.ts'
import type { CredentialsInput } from '../model/credentials-input.ts'
import { composeAccounts } from '../open-accounts.ts'
import { loadRegistry } from '../registry/load.ts'
import type { Client } from './client.ts'
import { findDaemon } from './daemon-client.ts'
import { withLocalStores } from './local-stores.ts'

type User = { id: string; email: string }
type NewToken = { id: string; token: string; expiresAt: string | null }
type OfUser = { email: string; service: string }
type Authenticated = {
  instanceId: string
  instanceUrl: string
  verification: string
  account?: string
}

/** What account commands may do; over HTTP with the daemon up, else on the database itself. */
export type Operations = {
  addUser: (email: string) => Promise<User>
  listUsers: () => Promise<User[]>
  createToken: (request: { email: string; expiresAt: Date | undefined }) => Promise<NewToken>
  listTokens: (email: string | undefined) => Promise<TokenView[]>
  revokeToken: (id: string) => Promise<void>
  createInstance: (request: OfUser & CredentialsInput) => Promise<Authenticated>
  listInstances: (email: string) => Promise<InstanceView[]>
  rotateInstance: (of: OfUser) => Promise<InstanceView>
  verifyInstance: (of: OfUser) => Promise<InstanceView>
  removeInstance: (of: OfUser) => Promise<void>
}

/** Does `work` with whoever owns the database now. */
export const withOperations = async <T>(
  config: Config,
  work: (operations: Operations) => Promise<T>,
): Promise<T> => {
  const daemon = await findDaemon(config)
  return daemon ? work(overHttp(daemon)) : withLocal(config, work)
}

const ADMIN = '/api/v1/admin'

const overHttp = (client: Client): Operations => ({
  addUser: (email) => client.post(`${ADMIN}/users`, { email }),
  listUsers: async () => (await client.get<{ users: User[] }>(`${ADMIN}/users`)).users,
  createToken: ({ email, expiresAt }) =>
    client.post(`${ADMIN}/tokens`, {
      email,
      ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    }),
  listTokens: async (email) => {
    const query = email === undefined ? '' : `?${new URLSearchParams({ email }).toString()}`
    return (await client.get<{ tokens: TokenView[] }>(`${ADMIN}/tokens${query}`)).tokens
  },
  revokeToken: (id) => client.delete(`${ADMIN}/tokens/${encodeURIComponent(id)}`),
  createInstance: (request) => client.post(`${ADMIN}/instances`, request),
  listInstances: async (email) => {
    const query = new URLSearchParams({ email }).toString()
    return (await client.get<{ instances: InstanceView[] }>(`${ADMIN}/instances?${query}`))
      .instances
  },
  rotateInstance: (of) => client.post(`${ADMIN}/instances/rotate`, of),
  verifyInstance: (of) => client.post(`${ADMIN}/instances/verify`, of),
  removeInstance: (of) => client.delete(`${ADMIN}/instances?${new URLSearchParams(of).toString()}`),
})

const withLocal = <T>(config: Config, work: (operations: Operations) => Promise<T>): Promise<T> =>
  withLocalStores(config, (stores) => {
    const { services } = loadRegistry(config.registryDir)
    const nobodyListens = () => undefined // no gateway runs, so nothing is remembered
    const accounts = composeAccounts({
      config,
      ...stores,
      services: () => services,
      onInstanceChange: nobodyListens,
    })
    return work(locally(accounts))
  })

const locally = (accounts: ReturnType<typeof composeAccounts>): Operations => {
  const ownerOf = async ({ email, service }: OfUser) => ({
    userId: (await accounts.userByEmail(email)).id,
    service,
  })
  return {
    addUser: accounts.addUser,
    listUsers: accounts.listUsers,
    createToken: async ({ email, expiresAt }) =>
      accounts.createToken({ userId: (await accounts.userByEmail(email)).id, expiresAt }),
    listTokens: async (email) =>
      accounts.listTokens(email === undefined ? undefined : (await accounts.userByEmail(email)).id),
    revokeToken: accounts.revokeToken,
    createInstance: async ({ email, service, ...input }) => {
      const { created: _created, ...answer } = await accounts.authenticate(
        await ownerOf({ email, service }),
        input,
      )
      return answer
    },
    listInstances: async (email) => accounts.listInstances((await accounts.userByEmail(email)).id),
    rotateInstance: async (of) => accounts.rotate(await ownerOf(of)),
    verifyInstance: async (of) => accounts.verify(await ownerOf(of)),
    removeInstance: async (of) => accounts.remove(await ownerOf(of)),
  }
}
