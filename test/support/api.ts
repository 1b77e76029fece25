import type { Accounts } from '../../src/api/accounts.ts'
import { createApi } from '../../src/api/app.ts'
import type { ApiNeeds } from '../../src/api/needs.ts'
import { silentLog } from '../../src/base/log.ts'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { startFrontServer } from './gateway.ts'
import { send, type Sent } from './http.ts'

/** A fleet without services. */
export const FLEET: FleetStatus = {
  services: [],
  hosts: [],
  gateway: null,
  leftOut: [],
  daemon: {
    state: 'running', pid: 1, url: '', since: null, version: '0', database: 'embedded', sandbox: null, pm2Home: '',
  }, // prettier-ignore
}

/** An audit log that nobody reads. */
const NO_AUDIT: ApiNeeds['audit'] = {
  list: () => Promise.resolve([]),
  verify: () => Promise.reject(new Error('nobody shall verify')),
  prune: () => Promise.reject(new Error('nobody shall prune')),
}

/** A vault that nobody asks. */
const NO_KEYS: ApiNeeds['keys'] = {
  status: () => Promise.resolve({ keys: [], processes: [] }),
  job: () => ({ isRunning: false, rotation: null, failure: null }),
  rotate: () => Promise.resolve({ isRunning: false, rotation: null, failure: null }),
  remove: () => Promise.resolve(),
}

const refuse = (what: string) => () => Promise.reject(new Error(`nobody shall use ${what}`))

/** Nobody is told. */
const NO_WEBHOOKS: ApiNeeds['webhooks'] = {
  add: refuse('webhooks.add'),
  list: () => Promise.resolve([]),
  remove: refuse('webhooks.remove'),
  test: refuse('webhooks.test'),
  dead: refuse('webhooks.dead'),
}

/** Nothing happens. */
const NO_EVENTS: ApiNeeds['events'] = {
  follow: () => Promise.reject(new Error('nobody shall follow')),
  newest: () => Promise.resolve([]),
}

/** A cutover that nobody walks. */
const NO_CUTOVER = new Proxy({} as ApiNeeds['cutover'], {
  get: (_target, property) => refuse(`cutover.${String(property)}`),
})

const TOKEN = 'brt_admin'

/** Stand for what a test expects not to be used. */
const NO_ACCOUNTS = new Proxy({} as Accounts, {
  get: (_target, property) => refuse(`accounts.${String(property)}`),
})
const NO_SIGN_INS: ApiNeeds['signIns'] = {
  start: refuse('signIns.start'),
  finish: () => Promise.resolve({ kind: 'unknown' }),
  status: refuse('signIns.status'),
}
const NO_CLIENTS: ApiNeeds['oauthClients'] = {
  list: () => Promise.resolve({ clients: [], redirectUri: '' }),
  set: refuse('oauthClients.set'),
  remove: refuse('oauthClients.remove'),
}
export const NO_FLEET: ApiNeeds['fleet'] = {
  plan: refuse('plan'),
  apply: refuse('apply'),
  restart: refuse('restart'),
  stopServices: refuse('stopServices'),
  startServices: refuse('startServices'),
}

/** Everything that routes need, and nothing behind it. */
export const NO_PARTS: ApiNeeds = {
  accounts: NO_ACCOUNTS,
  identify: (token) => Promise.resolve(token === TOKEN ? { kind: 'admin' } : undefined),
  judgeFailure: (_address, error) => error,
  countInstances: () => Promise.resolve([]),
  sumUsage: () => Promise.resolve([]),
  listIdle: () => Promise.resolve([]),
  version: '0.0.0',
  baseUrl: 'http://127.0.0.1:3000',
  services: () => [],
  isInHistory: () => Promise.resolve(true),
  fleetStatus: () => FLEET,
  scrape: refuse('metrics'),
  live: () => ({ at: '', since: '', boundsMs: [], services: [] }),
  fleet: NO_FLEET,
  recordAudit: () => Promise.resolve(),
  audit: NO_AUDIT,
  keys: NO_KEYS,
  events: NO_EVENTS,
  listHealth: () => Promise.resolve([]),
  webhooks: NO_WEBHOOKS,
  signIns: NO_SIGN_INS,
  oauthClients: NO_CLIENTS,
  cutover: NO_CUTOVER,
  migrationStatus: () => Promise.resolve({ version: 1, newest: 1 }),
  log: silentLog,
}

/** The API alone, over what a test gives it; every bearer token but `brt_admin` is unknown. */
export const startApi = async (needs: Partial<ApiNeeds>) => {
  const api = createApi({ ...NO_PARTS, ...needs })
  const gateway = {
    handle: () => false,
    upgrade: () => false,
    forget: () => undefined,
    forgetAbsent: () => undefined,
    flush: () => undefined,
    close: () => undefined,
  }
  const front = await startFrontServer({ gateway, api })
  const call = (route: string, sent: Omit<Sent, 'method'> = {}) => {
    const [method = '', path = ''] = route.split(' ')
    const headers = { authorization: `Bearer ${TOKEN}`, ...sent.headers }
    return send(front.url, path, { ...sent, method, headers })
  }
  return { call, port: front.port, stop: front.stop }
}
