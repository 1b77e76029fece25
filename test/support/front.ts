import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createWebhookParts } from '../../src/compose/observation/webhooks.ts'
import { createApi } from '../../src/api/app.ts'
import { createIdentify } from '../../src/api/identify.ts'
import { createVerifyJwt } from '../../src/api/jwt.ts'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { silentLog } from '../../src/base/log.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import type { Credentials } from '../../src/model/host-credentials.ts'
import type { CredentialField } from '../../src/model/service.ts'
import { composeCutover } from '../../src/compose/migration/cutover.ts'
import { createKeyDesk } from '../../src/compose/keys/desk.ts'
import { createKeyOperations } from '../../src/compose/keys/operations.ts'
import {
  composeAccounts,
  migrationsFolder,
  prepareDatabase,
} from '../../src/compose/accounts/open.ts'
import { openAuditLog } from '../../src/compose/accounts/audit.ts'
import { composeSignIns } from '../../src/compose/accounts/sign-ins.ts'
import type { Database } from '../../src/store/database.ts'
import { findClaimedInstance } from '../../src/store/instances.ts'
import { findByIdentity, findPrincipal } from '../../src/store/identities.ts'
import { listNewestEvents } from '../../src/store/events.ts'
import { migrationStatus } from '../../src/store/migrate.ts'
import { countInstances } from '../../src/store/service-overview.ts'
import { listIdleInstances, sumUsage } from '../../src/store/usage-sums.ts'
import { findLiveToken } from '../../src/store/tokens.ts'
import { createContract, type Contract, type Document } from './contract.ts'
import { FLEET, NO_FLEET } from './api.ts'
import { DATABASE_KINDS, OPEN, skipWithoutPostgres } from './databases.ts'
import { createScrape } from '../../src/metrics/scrape.ts'
import { liveTraffic } from '../../src/model/live-traffic.ts'
import { createMeters } from '../../src/model/meters.ts'
import { findFreePorts } from './free-ports.ts'
import { startFrontServer } from './gateway.ts'
import { send, type Sent } from './http.ts'
import { startRecorder } from './recorder.ts'
import { makeService } from './services.ts'
import { useTempFolder } from './temp-folder.ts'

export const JWT_SECRET = randomBytes(32).toString('hex')
const ADMIN = 'brt_admin_of_the_tests'
const field = (name: string, over: Partial<CredentialField> = {}): CredentialField => ({
  name,
  type: 'password',
  required: true,
  description: '',
  ...over,
})
const FIELDS: Readonly<Record<string, CredentialField[]>> = {
  widgets: [field('api_key')],
  gadgets: [field('key'), field('secret'), field('region', { type: 'text', required: false })],
  forms: [field('subdomain', { type: 'text' }), field('api_key')],
  echo: [],
}

const openFront = async (kind: Database['kind'], home: string) => {
  const { database, close } = await OPEN[kind]()
  const [port = 0] = await findFreePorts(1)
  const baseUrl = `http://127.0.0.1:${port}`
  const config = readConfig({ BERTH_HOME: home, BASE_URL: baseUrl })
  prepareHome(config.home, config.pm2Home)
  const vault = await prepareDatabase(config, database)
  const audit = await openAuditLog({ config, database, vault })
  const recordAudit = audit.record
  const host = await startRecorder()
  const services = Object.entries(FIELDS).map(([name, fields]) =>
    makeService({ name, port: host.port, auth: { ...makeService().auth, fields } }),
  )
  const hostKey = randomBytes(32)
  const jwtSecretFile = join(config.home.root, 'jwt.secret')
  writeFileSync(jwtSecretFile, JWT_SECRET, { mode: 0o600 })
  const identify = createIdentify({
    adminToken: ADMIN,
    findLiveToken: (hash) => findLiveToken(database, hash),
    jwt: {
      verify: createVerifyJwt({
        source: { kind: 'secret', file: jwtSecretFile },
        issuer: 'https://app.test',
        audience: 'berth',
        subjectIsUserId: true,
      }),
      subjectIsUserId: true,
      findByIdentity: (identity) => findByIdentity(database, identity),
      findPrincipal: (userId) => findPrincipal(database, userId),
    },
  })
  const gateway = createGateway({
    findInstance: (claim) => findClaimedInstance(database, claim),
    identifyUser: async (bearer) => {
      const caller = await identify(bearer)
      const isAllowed = caller?.kind === 'user' && caller.scopes.includes('instances')
      return isAllowed ? caller.userId : undefined
    },
    openCredentials: (instance) =>
      JSON.parse(
        vault.open({ ...instance, column: 'encrypted_api_key' }, instance.sealedCredentials),
      ) as Credentials,
    portOf: (name) => services.find((service) => service.name === name)?.port,
    hostKey,
    log: silentLog,
  })
  const list = () => services
  const onInstanceChange = gateway.forget
  const parts = { config, database, vault, services: list }
  const accounts = composeAccounts({ ...parts, onInstanceChange, onTokenChange: identify.forget })
  const api = createApi({
    accounts,
    ...composeSignIns({ ...parts, store: accounts.storeSignIn, log: silentLog }),
    identify,
    judgeFailure: (_address, error) => error,
    countInstances: () => countInstances(database),
    sumUsage: (query) => sumUsage(database, query),
    listIdle: (query) => listIdleInstances(database, query),
    version: '0.0.0',
    baseUrl,
    services: list,
    isInHistory: () => Promise.resolve(false),
    fleetStatus: () => FLEET,
    scrape: createScrape('0.0.0', () => Promise.resolve({ meters: createMeters() })),
    live: () => liveTraffic(createMeters().traffic),
    fleet: NO_FLEET,
    recordAudit,
    audit,
    keys: createKeyDesk(createKeyOperations({ config, database, vault, recordAudit }), {
      recordEvent: () => undefined,
      log: silentLog,
    }),
    events: {
      // One that ends, for tests that ask every route.
      follow: () => Promise.resolve((async function* () {})()),
      newest: (filter, range) => listNewestEvents(database, filter, range),
    },
    listHealth: () => Promise.resolve([]),
    cutover: composeCutover({ config, database, services: () => [], onRouting: undefined, recordEvent: () => undefined, log: silentLog }).desk, // prettier-ignore
    webhooks: createWebhookParts({ database, vault, recordEvent: () => undefined, log: silentLog })
      .webhooks,
    migrationStatus: () => migrationStatus(database, migrationsFolder(config)),
    log: silentLog,
  })
  const server = await startFrontServer({ gateway, api, port })
  const { body } = await send(baseUrl, '/openapi.json')
  const document = body as Document
  const contract = createContract(document)
  const stop = async () => {
    await server.stop()
    await host.stop()
    await close()
  }
  return {
    ...clientOf(baseUrl, contract),
    contract,
    document,
    url: baseUrl,
    database,
    config,
    host,
    hostKey,
    stop,
  }
}

export type Front = Awaited<ReturnType<typeof openFront>>
export type TestUser = { id: string; email: string; token: string }

/** Calls of the HTTP API as somebody; every answer must be one that the document describes. */
const clientOf = (url: string, contract: Contract) => {
  const call = async (
    token: string | undefined,
    route: string,
    sent: Omit<Sent, 'method'> = {},
  ) => {
    const [method = '', path = ''] = route.split(' ')
    const own = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const answer = await send(url, `/api/v1${path}`, {
      ...sent,
      method,
      headers: { ...own, ...sent.headers },
    })
    contract.check(method, `/api/v1${path}`, answer)
    return answer
  }
  const callAsAdmin = (route: string, body?: unknown) => call(ADMIN, route, { body })
  const newUser = async (): Promise<TestUser> => {
    const email = `${randomBytes(6).toString('hex')}@example.com`
    const user = await callAsAdmin('POST /admin/users', { email })
    const made = await callAsAdmin('POST /admin/tokens', { email })
    const { id } = user.body as { id: string }
    return { id, email, token: (made.body as { token: string }).token }
  }
  /** Stores a key; the path is that of the instance URL without /mcp. */
  const newInstance = async (user: TestUser, service: string, apiKey: string) => {
    const route = `POST /services/${service}/authenticate`
    const { body } = await call(user.token, route, { body: { apiKey } })
    const { instanceId, instanceUrl } = body as { instanceId: string; instanceUrl: string }
    return { instanceId, path: new URL(instanceUrl).pathname.replace(/\/mcp$/, '') }
  }
  return { adminToken: ADMIN, call, callAsAdmin, newUser, newInstance }
}

/** Runs the same tests on gateway and API over the embedded database and over the real Postgres. */
export const onEveryFront = (title: string, tests: (front: () => Front) => void): void => {
  for (const kind of DATABASE_KINDS)
    describe(`${title} (${kind})`, () => {
      let opened: Front | undefined
      const home = useTempFolder()
      before(async function () {
        this.timeout(30_000)
        if (kind === 'postgres') await skipWithoutPostgres(this)
        opened = await openFront(kind, home())
      })
      after(() => opened?.stop())
      tests(() => {
        if (!opened) throw new Error('the front is opened before the tests')
        return opened
      })
    })
}
