import type { AuditEntry, RecordAudit } from '../model/audit.ts'
import type { Accounts } from '../api/accounts.ts'
import type { OAuthClients } from '../oauth/clients.ts'
import type { OfUser, Operations } from './account-operations.ts'
import { everyPage } from './pages.ts'

/** Writes down what was done by a command on the machine itself. */
type Note = (entry: Pick<AuditEntry, 'action' | 'target' | 'details'>) => Promise<void>

/** The account commands on the database itself. */
export const locally = (
  { accounts, oauthClients }: { accounts: Accounts; oauthClients: OAuthClients },
  recordAudit: RecordAudit,
): Operations => {
  const note: Note = (entry) => recordAudit({ ...entry, actor: 'berth', from: 'local' })
  return {
    ...usersLocally(accounts, note),
    ...tokensLocally(accounts, note),
    ...instancesLocally(accounts, note),
    ...oauthClientsLocally(oauthClients, note),
  }
}

const oauthClientsLocally = (clients: OAuthClients, note: Note) =>
  ({
    listOAuthClients: clients.list,
    setOAuthClient: async (client) => {
      await clients.set(client)
      await note({ action: 'oauth-client.set', target: client.service })
    },
    removeOAuthClient: async (service) => {
      await clients.remove(service)
      await note({ action: 'oauth-client.remove', target: service })
    },
  }) satisfies Partial<Operations>

const usersLocally = (accounts: Accounts, note: Note) => {
  const idOf = async (email: string) => (await accounts.userByEmail(email)).id
  return {
    addUser: async (email) => {
      const user = await accounts.addUser(email)
      await note({ action: 'user.add', target: `user:${user.id}` })
      return user
    },
    listUsers: () => everyPage(accounts.listUsers),
    changeUser: async (email, change) => {
      const user = await accounts.changeUser(await idOf(email), change)
      const details = { role: user.role, maxInstances: String(user.maxInstances) }
      await note({ action: 'user.change', target: `user:${user.id}`, details })
      return user
    },
    removeUser: async (email) => {
      const id = await idOf(email)
      await accounts.removeUser(id)
      await note({ action: 'user.remove', target: `user:${id}` })
    },
    linkIdentity: async (email, identity) => {
      const id = await idOf(email)
      await accounts.linkIdentity(id, identity)
      await note({ action: 'user.link', target: `user:${id}`, details: identity })
    },
    unlinkIdentity: async (email, identity) => {
      const id = await idOf(email)
      await accounts.unlinkIdentity(id, identity)
      await note({ action: 'user.unlink', target: `user:${id}`, details: identity })
    },
  } satisfies Partial<Operations>
}

const tokensLocally = (accounts: Accounts, note: Note) =>
  ({
    createToken: async ({ email, ...request }) => {
      const user = await accounts.userByEmail(email)
      const made = await accounts.createToken({ user, ...request })
      await note({ action: 'token.create', target: `token:${made.id}` })
      return made
    },
    listTokens: async (email) => {
      const userId = email === undefined ? undefined : (await accounts.userByEmail(email)).id
      return everyPage((cursor) => accounts.listTokens({ userId, cursor }))
    },
    revokeToken: async (id) => {
      await accounts.revokeToken(id)
      await note({ action: 'token.revoke', target: `token:${id}` })
    },
  }) satisfies Partial<Operations>

const instancesLocally = (accounts: Accounts, note: Note) => {
  const ownerOf = async ({ email, service }: OfUser) => ({
    userId: (await accounts.userByEmail(email)).id,
    service,
  })
  return {
    createInstance: async ({ email, service, ...input }) => {
      const owner = await ownerOf({ email, service })
      const { created: _created, ...answer } = await accounts.authenticate(owner, input)
      await note({ action: 'instance.authenticate', target: answer.instanceId })
      return answer
    },
    listInstances: async (email) => accounts.listInstances((await accounts.userByEmail(email)).id),
    listAllInstances: () => everyPage(accounts.listAllInstances),
    rotateInstance: async (of) => {
      const rotated = await accounts.rotate(await ownerOf(of))
      await note({ action: 'instance.rotate', target: rotated.instanceId })
      return rotated
    },
    switchInstance: async (of, action) => {
      const changed = await accounts.setActive(await ownerOf(of), action === 'resume')
      await note({ action: `instance.${action}`, target: changed.instanceId })
      return changed
    },
    verifyInstance: async (of) => accounts.verify(await ownerOf(of)),
    removeInstance: async (of) => {
      const owner = await ownerOf(of)
      await accounts.remove(owner)
      const details = { service: owner.service }
      await note({ action: 'instance.delete', target: `user:${owner.userId}`, details })
    },
  } satisfies Partial<Operations>
}
