import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { silentLog, type Log } from '../../src/base/log.ts'
import type { AdmissionOptions } from '../../src/gateway/admission.ts'
import type { GatewayInstance, InstanceClaim } from '../../src/gateway/authenticate.ts'
import type { ServiceState } from '../../src/gateway/breaker.ts'
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts'
import { createHostCheck } from '../../src/gateway/allowed-hosts.ts'
import { createFrontServer } from '../../src/gateway/server.ts'
import type { Slowness } from '../../src/gateway/front/exchange.ts'
import type { Credentials } from '../../src/model/host-credentials.ts'
import { hashSecret } from '../../src/model/instance.ts'
import type { BeginTrace } from '../../src/model/span.ts'
import { findFreePorts } from './free-ports.ts'

type Api = (request: IncomingMessage, response: ServerResponse) => void

type FrontParts = { gateway: Gateway; api: Api; port?: number; slowness?: Slowness }

/** The front server on a free port, as the daemon makes it. */
export const startFrontServer = async (parts: FrontParts) => {
  const port = parts.port ?? (await findFreePorts(1))[0]!
  const url = `http://127.0.0.1:${port}`
  const checkHost = createHostCheck('https://berth.example', ['friend.example', 'with.port:8443'])
  const server = createFrontServer({ ...parts, host: '127.0.0.1', port, checkHost })
  await server.start()
  return { url, port, stop: server.stop }
}

export const HANDLE = 'wid_user_1a2b3c4d_9f2c1e'
export const SECRET = 'Sec0ndToNone0000000001'
export const INSTANCE_PATH = `/${HANDLE}_${SECRET}/widgets`

/** An instance of widgets; what the store would hold sealed is readable here. */
export const makeInstance = (over: Partial<GatewayInstance> = {}): GatewayInstance => ({
  handle: HANDLE,
  userId: '1a2b3c4d-0000-4000-8000-000000000000',
  service: 'widgets',
  secretHash: hashSecret(SECRET),
  sealedCredentials: JSON.stringify({ api_key: 'key-of-anna' }),
  isActive: true,
  verification: 'unverifiable',
  ...over,
})

/** As the store decides it. */
const isClaimed = (one: GatewayInstance, claim: InstanceClaim): boolean =>
  one.handle === claim.handle &&
  ('userId' in claim
    ? one.userId === claim.userId
    : one.service === claim.service && one.secretHash.equals(claim.secretHash) && one.isActive)

type World = AdmissionOptions & {
  /** Service → static port. */
  ports: Readonly<Record<string, number>>
  instances?: readonly GatewayInstance[]
  /** Bearer token → user id. */
  users?: Readonly<Record<string, string>>
  /** Of a real host behind it. */
  hostKey?: Buffer
  /** How long requests wait for a service that does not listen. */
  patienceMs?: number
  /** How long a service may take until its answer begins. */
  answerMs?: number
  stateOf?: (service: string) => ServiceState | undefined
  trustedProxies?: readonly string[]
  slowness?: Slowness
  log?: Log
  beginTrace?: BeginTrace
}

/** A front server whose instances, users and ports are given; the rest of the API answers 299. */
export const startGateway = async (world: World) => {
  const { ports, instances = [makeInstance()], users = {}, ...rest } = world
  const hostKey = world.hostKey ?? randomBytes(32)
  const gateway = createGateway({
    ...world,
    findInstance: (claim) => Promise.resolve(instances.find((one) => isClaimed(one, claim))),
    identifyUser: (bearer) => Promise.resolve(users[bearer]),
    openCredentials: (instance) => JSON.parse(instance.sealedCredentials) as Credentials,
    portOf: (service) => ports[service],
    hostKey,
    log: silentLog,
    patienceMs: 200,
    ...rest,
  })
  const front = await startFrontServer({
    gateway,
    api: (_request, response) => response.writeHead(299).end(),
    ...(world.slowness && { slowness: world.slowness }),
  })
  return { ...front, hostKey }
}
