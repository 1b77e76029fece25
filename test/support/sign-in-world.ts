import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createApi } from '../../src/api/app.ts'
import { createFailureLimit } from '../../src/api/failures.ts'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { silentLog } from '../../src/base/log.ts'
import { composeGateway } from '../../src/compose/gateway/parts.ts'
import { createKeyChecks } from '../../src/compose/keys/checks.ts'
import type { FleetEvent } from '../../src/model/event.ts'
import type { Service } from '../../src/model/service.ts'
import { composeAccounts, prepareDatabase } from '../../src/compose/accounts/open.ts'
import { openAuditLog } from '../../src/compose/accounts/audit.ts'
import { openIdentify } from '../../src/compose/accounts/identity.ts'
import { composeSignIns } from '../../src/compose/accounts/sign-ins.ts'
import type { Database } from '../../src/store/database.ts'
import { loadAdminToken, loadHostKey } from '../../src/compose/fleet/wanted.ts'
import { NO_PARTS } from './api.ts'
import { findFreePorts } from './free-ports.ts'
import { startFrontServer } from './gateway.ts'
import { startHostHere } from './host.ts'
import { send } from './http.ts'
import { CLIENT, startProvider } from './provider.ts'
import { makeService } from './services.ts'
import { makeTool } from './tools.ts'
import { browseTo } from './user-agent.ts'

/** Services at a provider: `widgets` is the real one, `gadgets` has the same addresses and another issuer. */
const servicesAt = (issuer: string, ports: readonly number[]): Service[] => {
  const oauth = {
    authorizationUrl: 'https://login.widgets.test/auth?prompt=consent',
    tokenUrl: 'https://login.widgets.test/token',
    scopes: ['openid', 'offline_access', 'items:read'],
    issuer,
  }
  const widgets = makeService({
    port: ports[0] ?? 0,
    tools: [makeTool()],
    auth: {
      type: 'oauth2',
      fields: [
        { name: 'client_id', type: 'text', required: false, description: '' },
        { name: 'client_secret', type: 'password', required: false, description: '' },
        { name: 'access_token', type: 'password', required: true, description: '' },
      ],
      inject: { headers: { Authorization: 'Bearer {{access_token}}' } },
      oauth,
      verify: { method: 'GET', endpoint: '/me', expect: 200, account: 'login' },
    },
  })
  return [widgets, makeService({ name: 'keys', port: ports[1] ?? 0 })]
}

export type SignInWorld = Awaited<ReturnType<typeof makeSignInWorld>>

/** A front, a host and a provider that signs everybody in as anna, over a database. */
export const makeSignInWorld = async (folder: string, database: Database, databaseUrl?: string) => {
  const [port = 0, ...ports] = await findFreePorts(3)
  const baseUrl = `http://127.0.0.1:${port}`
  const provider = await startProvider(`${baseUrl}/oauth/callback`)
  const env = {
    BERTH_HOME: join(folder, randomBytes(4).toString('hex')),
    BASE_URL: baseUrl,
    BERTH_SANDBOX_URL: provider.url,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  }
  const config = readConfig(env)
  prepareHome(config.home, config.pm2Home)
  const vault = await prepareDatabase(config, database)
  const audit = await openAuditLog({ config, database, vault })
  const recordAudit = audit.record
  const all = servicesAt(`${provider.url}/widgets`, ports)
  const hostKey = loadHostKey(config)
  const host = await startHostHere({
    folder,
    services: all,
    env: { BERTH_SANDBOX_URL: provider.url, BERTH_HOST_KEY_FILE: config.home.hostKeyFile },
  })
  const events: FleetEvent[] = []
  const recordEvent = (event: FleetEvent) => void events.push(event)
  const services = () => all
  const portOf = (name: string) => all.find((service) => service.name === name)?.port
  const parts = { config, database, vault, services, recordAudit, recordEvent, log: silentLog }
  const { gateway, renewals, runnable } = composeGateway({ ...parts, portOf })
  await runnable.start()
  const onInstanceChange = gateway.forget
  const checks = createKeyChecks({ ...parts, portOf, hostKey, onInstanceChange, renewToken: renewals.renew }) // prettier-ignore
  const accounts = composeAccounts({ ...parts, onInstanceChange, checks })
  const api = createApi({
    ...NO_PARTS,
    accounts,
    ...composeSignIns({ ...parts, store: accounts.storeSignIn }),
    identify: openIdentify({ config, database }),
    judgeFailure: createFailureLimit(),
    baseUrl,
    services,
    recordAudit,
    audit,
  })
  const front = await startFrontServer({ gateway, api, port })
  const clients = clientsOf(baseUrl, loadAdminToken(config))
  await clients.admin('PUT /admin/oauth/clients/widgets', { clientId: CLIENT.id, clientSecret: CLIENT.secret }) // prettier-ignore
  return {
    ...clients,
    config, env, database, vault, services: all, provider, events, audit, accounts, checks, renewals, baseUrl, forget: gateway.forget,
    stop: async () => {
      await front.stop()
      await runnable.stop()
      await host.stop()
      await provider.stop()
      await vault.watch.stop()
    },
  } // prettier-ignore
}

export type SignInUser = { id: string; email: string; token: string }

const clientsOf = (baseUrl: string, adminToken: string) => {
  const callAs = (token: string) => (route: string, body?: unknown) => {
    const [method = '', path = ''] = route.split(' ')
    const headers = { authorization: `Bearer ${token}` }
    return send(baseUrl, `/api/v1${path}`, { method, headers, body })
  }
  const admin = callAs(adminToken)
  const as = (user: SignInUser) => callAs(user.token)
  /** @returns where the provider sends the browser back to */
  const approve = async (user: SignInUser, credentials?: Record<string, string>): Promise<URL> => {
    const started = await as(user)('POST /services/widgets/oauth/start', { credentials })
    const { authorizationUrl } = started.body as { authorizationUrl: string }
    return new URL(await browseTo(authorizationUrl, `${baseUrl}/oauth/callback`))
  }
  const open = ({ pathname, search }: URL) => send(baseUrl, `${pathname}${search}`)
  return {
    admin,
    as,
    approve,
    /** The browser comes back to this address. */
    open,
    newUser: async (): Promise<SignInUser> => {
      const email = `${randomBytes(6).toString('hex')}@example.com`
      const user = await admin('POST /admin/users', { email })
      const made = await admin('POST /admin/tokens', { email })
      const { id } = user.body as { id: string }
      return { id, email, token: (made.body as { token: string }).token }
    },
    /** Signs in from beginning to end. @returns the instance */
    signIn: async (user: SignInUser) => {
      const page = await open(await approve(user))
      if (page.status !== 200) throw new Error(`${page.status}: ${page.text}`)
      const { body } = await as(user)('GET /services/widgets/instance')
      return body as {
        instanceId: string
        instanceUrl: string
        verification: string
        account: string
      }
    },
    /** Calls a tool by its instance URL. */
    callTool: async (instanceUrl: string) => {
      const path = new URL(instanceUrl).pathname.replace(/\/mcp$/, '/tools/list_items')
      return send(baseUrl, path, { method: 'POST', body: {} })
    },
  }
}
