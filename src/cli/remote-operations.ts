import type { InstanceView, ListedView } from '../api/instance-accounts.ts'
import type { TokenView } from '../api/token-accounts.ts'
import type { User } from '../model/account.ts'
import type { Client } from './client.ts'
import type { Operations } from './account-operations.ts'
import { everyPage } from './pages.ts'

const ADMIN = '/api/v1/admin'

type Paged<Name extends string, T> = { [key in Name]: T[] } & { nextCursor: string | null }

/** `?a=b`, of what is there. */
const query = (fields: Readonly<Record<string, string | undefined>>): string => {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) given.set(name, value)
  return given.size === 0 ? '' : `?${given.toString()}`
}

/** The account commands as requests to the daemon. */
export const overHttp = (client: Client): Operations => ({
  ...usersOverHttp(client),
  ...instancesOverHttp(client),
  createToken: ({ expiresAt, ...request }) =>
    client.post(`${ADMIN}/tokens`, { ...request, expiresAt: expiresAt?.toISOString() }),
  listTokens: (email) =>
    everyPage(async (cursor) => {
      const page = await client.get<Paged<'tokens', TokenView>>(
        `${ADMIN}/tokens${query({ email, cursor })}`,
      )
      return { items: page.tokens, nextCursor: page.nextCursor }
    }),
  revokeToken: (id) => client.delete(`${ADMIN}/tokens/${encodeURIComponent(id)}`),
  listOAuthClients: () => client.get(`${ADMIN}/oauth/clients`),
  setOAuthClient: ({ service, ...body }) =>
    client.put(`${ADMIN}/oauth/clients/${encodeURIComponent(service)}`, body),
  removeOAuthClient: (service) =>
    client.delete(`${ADMIN}/oauth/clients/${encodeURIComponent(service)}`),
})

const usersOverHttp = (client: Client) => {
  const usersAt = (fields: Record<string, string | undefined>) =>
    client.get<Paged<'users', User>>(`${ADMIN}/users${query(fields)}`)
  const pathOf = async (email: string) =>
    `${ADMIN}/users/${(await usersAt({ email })).users[0]?.id ?? ''}`
  return {
    addUser: (email) => client.post(`${ADMIN}/users`, { email }),
    listUsers: () =>
      everyPage(async (cursor) => {
        const { users: items, nextCursor } = await usersAt({ cursor })
        return { items, nextCursor }
      }),
    changeUser: async (email, change) => client.patch(await pathOf(email), change),
    removeUser: async (email) => client.delete(await pathOf(email)),
    linkIdentity: async (email, identity) => {
      await client.post(`${await pathOf(email)}/identities`, identity)
    },
    unlinkIdentity: async (email, identity) =>
      client.delete(`${await pathOf(email)}/identities${query(identity)}`),
  } satisfies Partial<Operations>
}

const instancesOverHttp = (client: Client) =>
  ({
    createInstance: (request) => client.post(`${ADMIN}/instances`, request),
    listInstances: async (email) =>
      (await client.get<{ instances: InstanceView[] }>(`${ADMIN}/instances${query({ email })}`))
        .instances,
    listAllInstances: () =>
      everyPage(async (cursor) => {
        const page = await client.get<Paged<'instances', ListedView>>(
          `${ADMIN}/instances/all${query({ cursor })}`,
        )
        return { items: page.instances, nextCursor: page.nextCursor }
      }),
    rotateInstance: (of) => client.post(`${ADMIN}/instances/rotate`, of),
    switchInstance: (of, action) => client.post(`${ADMIN}/instances/${action}`, of),
    verifyInstance: (of) => client.post(`${ADMIN}/instances/verify`, of),
    removeInstance: (of) => client.delete(`${ADMIN}/instances${query(of)}`),
  }) satisfies Partial<Operations>
