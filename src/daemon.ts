import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { auditReads } from './audited-vault.ts'
import { createApi } from './api/app.ts'
import { createFailureLimit } from './api/failures.ts'
import type { Config } from './base/config.ts'
import { prepareHome } from './base/home.ts'
import { sequence, type Runnable } from './base/lifecycle.ts'
import { acquireLock, type Lock } from './base/lock.ts'
import type { Log } from './base/log.ts'
import { createEventRecorder, type EventRecorder } from './events/recorder.ts'
import { fleetStatus, servicesOf, type KnownServices } from './fleet-status.ts'
import { createFleetParts, type FleetOptions, type FleetParts } from './fleet-parts.ts'
import { createHostCheck } from './gateway/allowed-hosts.ts'
import type { Gateway } from './gateway/gateway.ts'
import { createFrontServer, type ServerOptions } from './gateway/server.ts'
import { composeCutover } from './cutover-parts.ts'
import { createKeyDesk, type KeyDesk } from './key-desk.ts'
import { createKeyOperations } from './key-operations.ts'
import { composeGateway, createPruning } from './gateway-parts.ts'
import { meterDatabase, meterIdentify, meterVault } from './metered-parts.ts'
import type { FleetStatus } from './model/fleet.ts'
import { createMeters, type Meters } from './model/meters.ts'
import { createKeyChecks } from './key-checks.ts'
import {
  composeAccounts,
  migrationsFolder,
  openDatabase,
  prepareDatabase,
} from './open-accounts.ts'
import { openAuditLog, type AuditLog } from './open-audit.ts'
import { createLogKeeper } from './logs/keeper.ts'
import { logFilesElsewhere } from './logs/log-files.ts'
import { createObservationParts } from './observation-parts.ts'
import type { OpenVault } from './open-vault.ts'
import { openIdentify, warnOfOpenAudience } from './open-identity.ts'

import { publishServiceStates } from './service-states.ts'
import { composeSignIns } from './sign-ins.ts'
import type { Database } from './store/database.ts'
import { appendEvents } from './store/events.ts'
import { writeHealth } from './store/health.ts'
import { migrationStatus } from './store/migrate.ts'
import { composeWatching } from './watch-parts.ts'
import { DAEMON_NAME, loadHostKey, packageVersion } from './wanted-fleet.ts'

/** The name of the lock that the one daemon of a home holds. */
export const DAEMON_LOCK = 'daemon'

type Opened = { database: Database; vault: OpenVault; audit: AuditLog; keys: KeyDesk }
type Common = { config: Config; log: Log; events: EventRecorder; meters: Meters }
type Parts = FleetParts & Common

/**
 * Makes every part of the daemon and introduces them to each other. Start order: the lock, the hosts and their health, the
 * database, the server. Stop is the reverse; hosts go on serving, the next daemon adopts them.
 */
export const createDaemon = (options: FleetOptions): Runnable => {
  const { config, log } = options
  const events = createEventRecorder({ log: log.child('events') })
  const common = { config, log, events, meters: createMeters() }
  const late: { fleet?: FleetParts; opened?: Opened; server?: Runnable } = {}
  const fleet = () => late.fleet
  return sequence(
    DAEMON_NAME,
    [
      lockPart(config),
      keepLogs(options, fleet),
      {
        name: 'hosts',
        start: async () => {
          late.fleet = await createFleetParts({ ...options, ...common, recordEvent: events.record })
          await late.fleet.supervisor.start()
          await late.fleet.health.start()
          // A connection to Postgres lasts, and may take a static port that no host holds yet.
          if (config.databaseUrl !== undefined) await waitForHosts(late.fleet)
        },
        stop: () => stopFleet(late.fleet),
      },
      statesPart(options, fleet),
      {
        name: 'database',
        start: async () => {
          late.opened = await openStores(common)
          const { database } = late.opened
          events.writeTo((writer, batch) => appendEvents(database, writer, batch))
          late.fleet?.history.writeTo((writer, batch) => writeHealth(database, writer, batch))
        },
        stop: async () => {
          await late.fleet?.history.stop()
          await events.stop()
          await late.opened?.vault.watch.stop()
          await late.opened?.database.close()
        },
      },
      {
        name: 'server',
        start: async () => {
          if (late.fleet && late.opened)
            late.server = createServerPart({ ...late.fleet, ...common }, late.opened)
          await late.server?.start()
        },
        stop: async () => late.server?.stop(),
      },
    ],
    log,
  )
}

/** Bounds the logs of the fleet, PM2's own, and those that the template puts elsewhere. */
const keepLogs = ({ config, log }: FleetOptions, fleet: () => FleetParts | undefined): Runnable => {
  const { logs: folder } = config.home
  const others = () => [
    join(config.pm2Home, 'pm2.log'),
    ...logFilesElsewhere(fleet()?.supervisor.fleet().apps ?? [], folder),
  ]
  return createLogKeeper({ folder, others, limits: config.logFiles, log: log.child('logs') })
}

/** Everything over the database. A rotation that an earlier process left unfinished goes on beside the rest. */
const openStores = async ({ config, log, meters, events }: Common): Promise<Opened> => {
  const database = meterDatabase(await openDatabase(config, log.child('store')), meters)
  warnOfOpenAudience(config, log)
  const opened = await prepareDatabase(config, database, DAEMON_NAME)
  const audit = await openAuditLog({ config, database, vault: opened })
  const recordAudit = audit.record
  const vault = auditReads(meterVault(opened, meters), recordAudit)
  const operations = createKeyOperations({ config, database, vault, recordAudit })
  const rotated = {
    recordEvent: events.record,
    log: log.child('keys'),
    count: meters.rotations.count,
  }
  const keys = createKeyDesk(operations, rotated)
  vault.watch.logTo(log.child('keys'))
  await vault.watch.start()
  keys.resume().catch((error: unknown) => log.error('rotation not resumed', { error }))
  return { database, vault, audit, keys }
}

/** For gateways beside this process. */
const statesPart = ({ config, log }: FleetOptions, fleet: () => FleetParts | undefined): Runnable =>
  publishServiceStates({
    file: config.home.statesFile,
    services: () => {
      const parts = fleet()
      return parts ? servicesOf(knownServices(parts)) : []
    },
    log,
  })

const stopFleet = async (fleet: FleetParts | undefined): Promise<void> => {
  await fleet?.health.stop()
  await fleet?.supervisor.stop()
}

const HOSTS_WAIT_MS = 3_000
const HOSTS_POLL_MS = 25

/** Waits until every service has answered; not for long, since some may be down. */
const waitForHosts = async ({ supervisor, health }: FleetParts): Promise<void> => {
  const isWaited = ({ service }: { service: string }) =>
    (health.healthOf(service)?.state ?? 'starting') === 'starting'
  const until = Date.now() + HOSTS_WAIT_MS
  while (Date.now() < until && supervisor.targets().some(isWaited)) await delay(HOSTS_POLL_MS)
}

const lockPart = (config: Config): Runnable => {
  let lock: Lock | undefined
  const holder = { role: DAEMON_NAME, url: localUrl(config), pm2Home: config.pm2Home }
  return {
    name: 'lock',
    start: async () => {
      prepareHome(config.home, config.pm2Home)
      lock = await acquireLock({ folder: config.home.run, name: DAEMON_LOCK, holder })
    },
    stop: async () => lock?.release(),
  }
}

/** Where commands of the same machine reach the daemon. */
const localUrl = ({ host, port }: Config): string =>
  `http://${['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host}:${port}`

const createServerPart = (parts: Parts, { database, vault, audit, keys }: Opened): Runnable => {
  const { config, log, supervisor, events, meters } = parts
  const identify = openIdentify({ config, database })
  const { record: recordEvent } = events
  const { portOf } = supervisor
  const services = () => supervisor.fleet().services
  const { gateway, renewals, forgetTokens, oldUrls, runnable } = composeGateway({
    config,
    database,
    vault,
    portOf,
    stateOf: (service) => stateOf(parts, service),
    services,
    onTokenChange: identify.forget,
    meters,
    recordAudit: audit.record,
    recordEvent,
    log,
  })
  const shared = { database, vault, services, onInstanceChange: gateway.forget }
  const asked = { portOf, hostKey: loadHostKey(config), renewToken: renewals.renew }
  const checks = createKeyChecks({ ...shared, ...asked, recordEvent, log })
  const accounts = composeAccounts({ ...shared, config, checks, onTokenChange: forgetTokens })
  const fleetStatus = () => statusOf(parts)
  const observed = createObservationParts({ ...parts, database, vault, recorder: events, fleetStatus }) // prettier-ignore
  const cutover = composeCutover({ config, database, services: () => fleetStatus().services, onRouting: oldUrls?.reload, recordEvent, log: log.child('cutover') }) // prettier-ignore
  const api = createApi({
    ...observed.needs,
    accounts,
    ...composeSignIns({ ...shared, config, store: accounts.storeSignIn, log: log.child('oauth') }),
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
  const beside = [createPruning(database, log), server, checks.rechecks, renewals.schedule, cutover.runnable] // prettier-ignore
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

const knownServices = ({ supervisor, health }: FleetParts): KnownServices => ({
  hosts: supervisor.fleet().hosts,
  processes: supervisor.processes(),
  healthOf: health.healthOf,
  decisions: supervisor.decisions(),
})

const statusOf = (parts: Parts): FleetStatus => {
  const { config } = parts
  return fleetStatus({ ...knownServices(parts), config, version: packageVersion(config) })
}
