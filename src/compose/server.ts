import { createApi } from '../api/app.ts'
import { createFailureLimit } from '../api/failures.ts'
import { createAuditRetention } from '../audit/retention.ts'
import type { Config } from '../base/config.ts'
import { sequence, type Runnable } from '../base/lifecycle.ts'
import { fleetStatus, servicesOf, type KnownServices } from './fleet/status.ts'
import type { FleetParts } from './fleet/parts.ts'
import { createHostCheck } from '../gateway/allowed-hosts.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { createFrontServer, type ServerOptions } from '../gateway/server.ts'
import { composeCutover } from './migration/cutover.ts'
import { composeGateway } from './gateway/parts.ts'
import { createPruning } from './pruning.ts'
import { meterIdentify } from './observation/metered.ts'
import type { FleetStatus } from '../model/fleet.ts'
import { createKeyChecks } from './keys/checks.ts'
import { composeAccounts, migrationsFolder } from './accounts/open.ts'
import { createObservationParts } from './observation/parts.ts'
import { openIdentify } from './accounts/identity.ts'
import { composeSignIns } from './accounts/sign-ins.ts'
import { migrationStatus } from '../store/migrate.ts'
import { composeWatching } from './observation/watching.ts'
import { openTracing } from './observation/tracing.ts'
import { DAEMON_NAME, loadHostKey, packageVersion } from './fleet/wanted.ts'
import type { Common, Stores } from './stores.ts'

type Parts = FleetParts & Common

/** The gateway, the HTTP API, and what works beside them on schedule. */
export const createServerPart = async (
  parts: Parts,
  { database, vault, audit, keys }: Stores,
): Promise<Runnable> => {
  const { config, log, supervisor, events, meters } = parts
  const identify = openIdentify({ config, database })
  const { record: recordEvent } = events
  const { portOf } = supervisor
  const services = () => supervisor.fleet().services
  const over = { config, database, vault, services, portOf, recordEvent, log }
  const { gateway, renewals, forgetTokens, oldUrls, runnable } = composeGateway({
    ...over,
    stateOf: (service) => stateOf(parts, service),
    onTokenChange: identify.forget,
    meters,
    recordAudit: audit.record,
    tracing: await openTracing({ config, processName: DAEMON_NAME, log }),
  })
  const shared = { ...over, onInstanceChange: gateway.forget }
  const checks = createKeyChecks({ ...shared, hostKey: loadHostKey(config), renewToken: renewals.renew }) // prettier-ignore
  const accounts = composeAccounts({ ...shared, checks, onTokenChange: forgetTokens })
  const fleetStatus = () => statusOf(parts)
  const observed = createObservationParts({ ...parts, database, vault, recorder: events, fleetStatus }) // prettier-ignore
  const cutover = composeCutover({ config, database, services: () => fleetStatus().services, onRouting: oldUrls?.reload, recordEvent, log: log.child('cutover') }) // prettier-ignore
  const api = createApi({
    ...observed.needs,
    accounts,
    ...composeSignIns({ ...shared, store: accounts.storeSignIn, log: log.child('oauth') }),
    identify: meterIdentify(identify, meters),
    judgeFailure: createFailureLimit(),
    trustedProxies: config.trustedProxies,
    version: packageVersion(config),
    baseUrl: config.baseUrl,
    services,
    fleet: supervisor,
    ...composeWatching({ ...parts, database, keys, status: fleetStatus }),
    recordAudit: audit.record,
    audit,
    keys,
    cutover: cutover.desk,
    migrationStatus: () => migrationStatus(database, migrationsFolder(config)),
    log: log.child('api'),
  })
  const server = openFront(config, gateway, oldUrls?.before(api) ?? api)
  const retention = createAuditRetention({ days: config.auditDays, prune: audit.prune, log: log.child('audit') }) // prettier-ignore
  const beside = [createPruning(database, log), retention, server, checks.rechecks, renewals.schedule, cutover.runnable] // prettier-ignore
  return sequence('server', [runnable, ...beside, observed.runnable], log)
}

const openFront = (config: Config, gateway: Gateway, api: ServerOptions['api']): Runnable => {
  const { host, port, baseUrl, allowedHosts } = config
  const checkHost = createHostCheck(baseUrl, [host, ...allowedHosts])
  return createFrontServer({ host, port, gateway, api, checkHost })
}

/** Asked for services that do not answer. */
const stateOf = (parts: FleetParts, service: string) => {
  const found = servicesOf(knownServices(parts)).find((one) => one.service === service)
  return found && { state: found.state, since: new Date(found.since) }
}

export const knownServices = ({ supervisor, health }: FleetParts): KnownServices => ({
  hosts: supervisor.fleet().hosts,
  processes: supervisor.processes(),
  healthOf: health.healthOf,
  decisions: supervisor.decisions(),
})

const statusOf = (parts: Parts): FleetStatus => {
  const { config, supervisor } = parts
  const { leftOut } = supervisor.fleet()
  return fleetStatus({ ...knownServices(parts), config, version: packageVersion(config), leftOut })
}
