import type { Config } from '../../base/config.ts'
import { sequence, type Runnable } from '../../base/lifecycle.ts'
import { maxOpenFiles } from '../../base/proc.ts'
import type { Log } from '../../base/log.ts'
import { createChangeListener, type Changes } from './changes.ts'
import { countThrough } from './count-through.ts'
import type { ServiceState } from '../../gateway/breaker.ts'
import { createGateway, type Gateway } from '../../gateway/gateway.ts'
import { createGrants, type Grants } from '../../gateway/old-urls/grants.ts'
import { createLookupCache } from '../../gateway/lookup-cache.ts'
import { createUsage } from '../../gateway/usage.ts'
import { composeOldUrls, type OldUrlParts } from './old-urls.ts'
import { openIdentify } from '../accounts/identity.ts'
import type { RecordAudit } from '../../model/audit.ts'
import type { RecordEvent } from '../../model/event.ts'
import { offersSignIn } from '../../model/oauth.ts'
import type { Meters } from '../../model/meters.ts'
import type { Service } from '../../model/service.ts'
import type { Renewals } from '../../oauth/renewals.ts'
import { createRefusedKeys } from './refused-keys.ts'
import { composeRenewals } from '../accounts/sign-ins.ts'
import { credentialsForHost } from '../keys/checks.ts'
import type { Database } from '../../store/database.ts'
import { findClaimedInstance } from '../../store/instances.ts'
import { createSharedBuckets } from '../../store/redis.ts'
import { addUsage } from '../../store/usage.ts'
import { findLiveToken, type LiveToken } from '../../store/tokens.ts'
import type { Tracing } from '../../tracing/tracing.ts'
import type { Vault } from '../../vault/vault.ts'
import { loadHostKey } from '../fleet/wanted.ts'

export type GatewayPartsOptions = {
  config: Config
  database: Database
  vault: Vault
  /** Undefined for a service that does not run here. */
  portOf: (service: string) => number | undefined
  /** What is known of a service that does not answer. */
  stateOf?: (service: string) => ServiceState | undefined
  services: () => readonly Service[]
  /** How many processes answer at this address. */
  processes?: number
  /** Somebody changed a token, a user or an identity. */
  onTokenChange?: () => void
  recordAudit: RecordAudit
  recordEvent?: RecordEvent
  /** What is counted beside the usage; by default nobody looks. */
  meters?: Meters
  /** Absent: nothing is traced. */
  tracing?: Tracing | undefined
  log: Log
}

export type GatewayParts = {
  gateway: Gateway
  /** Of the access tokens of sign-ins. */
  renewals: Renewals
  /** Some token changed in this process. */
  forgetTokens: () => void
  /** With an old server alone. */
  oldUrls: OldUrlParts | undefined
  /** What runs beside the gateway. */
  runnable: Runnable
}

const MAX_TOKENS = 10_000
/** Connections to database and hosts that are free, logs, locks. */
const OWN_FILES = 512
/** The client's connection and the one to the host. */
const FILES_PER_REQUEST = 2
const MIN_OPEN = 64

/** Makes the gateway over database and vault; the daemon and the gateway role share it. */
export const composeGateway = (options: GatewayPartsOptions): GatewayParts => {
  const { config, database, tracing, log } = options
  const tokens = createTokenCache(database)
  const identify = openIdentify({ config, database, findLiveToken: tokens.find })
  const forgetTokens = () => {
    tokens.flush()
    identify.forget()
    options.onTokenChange?.()
  }
  const grants = grantsFor(config)
  const usage = createUsage({ write: (batch) => addUsage(database, batch), log })
  const shared = config.redis && createSharedBuckets(config.redis.url, log.child('redis'))
  const onInstanceChange = (handle: string) => gateway.forget(handle)
  const renewals = composeRenewals({ ...options, onInstanceChange, log: log.child('oauth') })
  const gateway = createGateway({
    limitsOf: createLimitsOf(options.services),
    takeShared: shared?.take,
    share: 1 / (options.processes ?? 1),
    maxOpen: Math.max(MIN_OPEN, Math.floor((maxOpenFiles() - OWN_FILES) / FILES_PER_REQUEST)),
    ...countThrough(options.meters, usage.count),
    findInstance: (claim) => findClaimedInstance(database, claim),
    identifyUser: createIdentifyUser(identify, grants),
    openCredentials: createOpening(options),
    renewToken: renewals.renew,
    onKeyRefused: createRefusedKeys(database, log),
    portOf: options.portOf,
    ...(options.stateOf && { stateOf: options.stateOf }),
    trustedProxies: config.trustedProxies,
    ...traceThrough(tracing),
    hostKey: loadHostKey(config),
    log: log.child('gateway'),
  })
  const oldUrls = grants && openOldUrls(options, gateway, grants)
  const listener = createChangeListener(options, changesFor({ gateway, forgetTokens, oldUrls }))
  const others = present([runnableOf(tracing), shared?.runnable, usage, oldUrls?.runnable])
  return {
    gateway: oldUrls?.gateway ?? gateway,
    renewals,
    forgetTokens,
    oldUrls,
    runnable: sequence('gateway', [...listener, ...others], log),
  }
}

const traceThrough = (tracing: Tracing | undefined) => tracing && { beginTrace: tracing.begin }

const runnableOf = (tracing: Tracing | undefined) => tracing?.runnable

const present = (all: readonly (Runnable | undefined)[]): Runnable[] =>
  all.filter((one) => one !== undefined)

/** Opens what goes to a host with a request. */
const createOpening = ({ config: { baseUrl }, vault, services }: GatewayPartsOptions) => {
  const canSignIn = (name: string) =>
    services().some((service) => service.name === name && offersSignIn(service))
  return (instance: Parameters<typeof credentialsForHost>[1]) =>
    credentialsForHost({ vault, baseUrl, canSignIn }, instance)
}

/** Without an old server nothing is granted. */
const grantsFor = ({ legacyUrl }: Config): Grants | undefined =>
  legacyUrl === undefined ? undefined : createGrants()

/** What is forgotten with which change. */
const changesFor = ({
  gateway,
  forgetTokens,
  oldUrls,
}: Omit<GatewayParts, 'runnable' | 'renewals'>): Changes => ({
  onInstance: (handle) => {
    gateway.forget(handle)
    oldUrls?.forget()
  },
  onMade: () => {
    gateway.forgetAbsent()
    oldUrls?.forget()
  },
  onToken: forgetTokens,
  onRouting: () => void oldUrls?.reload(),
  onGap: () => {
    gateway.flush()
    forgetTokens()
    oldUrls?.forget()
    void oldUrls?.reload()
  },
})

/** Users by their tokens; and by what this process grants itself for old URLs. */
const createIdentifyUser =
  (identify: ReturnType<typeof openIdentify>, grants: Grants | undefined) =>
  async (bearer: string): Promise<string | undefined> => {
    const granted = grants?.userOf(bearer)
    if (granted !== undefined) return granted
    const caller = await identify(bearer)
    const isUser = caller?.kind === 'user' && caller.scopes.includes('instances')
    return isUser ? caller.userId : undefined
  }

const openOldUrls = (
  { config, database, portOf, meters, log }: GatewayPartsOptions,
  gateway: Gateway,
  grants: Grants,
): OldUrlParts | undefined => {
  const { legacyUrl, baseUrl, trustedProxies } = config
  if (legacyUrl === undefined) return undefined
  const given = { legacyUrl, baseUrl, trustedProxies }
  return composeOldUrls({
    ...given,
    database,
    gateway,
    grants,
    portOf,
    meters,
    log: log.child('old urls'),
  })
}

/** Found by name in no time, as long as the services are the same. */
const createLimitsOf = (services: GatewayPartsOptions['services']) => {
  let known: readonly Service[] = []
  let limits = new Map<string, Service['limits']>()
  return (name: string): Service['limits'] => {
    const now = services()
    if (now !== known) {
      known = now
      limits = new Map(now.map((service) => [service.name, service.limits]))
    }
    return limits.get(name)
  }
}

const createTokenCache = (database: Database) =>
  createLookupCache<Buffer, LiveToken>({
    find: (hash) => findLiveToken(database, hash),
    keyOf: (hash) => hash.toString('latin1'),
    detailOf: (hash) => hash.toString('latin1'),
    answers: (_hash, token) =>
      token !== undefined && (token.expiresAt === null || token.expiresAt > new Date()),
    max: MAX_TOKENS,
  })
