import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import type { Config } from './base/config.ts'
import { prepareHome } from './base/home.ts'
import { sequence, type Runnable } from './base/lifecycle.ts'
import { acquireLock, type Lock } from './base/lock.ts'
import { createEventRecorder } from './events/recorder.ts'
import { servicesOf } from './compose/fleet/status.ts'
import { createFleetParts, type FleetOptions, type FleetParts } from './compose/fleet/parts.ts'
import { createMeters } from './model/meters.ts'
import { createLogKeeper } from './logs/keeper.ts'
import { logFilesElsewhere } from './logs/log-files.ts'
import { publishServiceStates } from './compose/gateway/service-states.ts'
import { appendEvents } from './store/events.ts'
import { writeHealth } from './store/health.ts'
import { DAEMON_LOCK, DAEMON_NAME } from './compose/fleet/wanted.ts'
import { databaseLabel } from './model/database-label.ts'
import { createServerPart, knownServices } from './compose/server.ts'
import { openStores, type Stores } from './compose/stores.ts'

/**
 * Makes every part of the daemon and introduces them to each other. Start order: the lock, the hosts and their health, the
 * database, the server. Stop is the reverse; hosts go on serving, the next daemon adopts them.
 */
export const createDaemon = (options: FleetOptions): Runnable => {
  const { config, log } = options
  const events = createEventRecorder({ log: log.child('events') })
  const common = { config, log, events, meters: createMeters() }
  const late: { fleet?: FleetParts; opened?: Stores; server?: Runnable } = {}
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
            late.server = await createServerPart({ ...late.fleet, ...common }, late.opened)
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
  const holder = { role: DAEMON_NAME, url: localUrl(config), pm2Home: config.pm2Home, database: databaseLabel(config.databaseUrl) } // prettier-ignore
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
