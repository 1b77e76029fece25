import { join } from 'node:path'
import { environmentOf, type Config } from './base/config.ts'
import type { Log } from './base/log.ts'
import { controlSocketOf, crashFileOf, servedFileOf, workFileOf } from './fleet/ecosystem.ts'
import { changedSettings, fingerprintIn } from './fleet/fingerprint.ts'
import { createRecovery } from './recovery.ts'
import { createHealth, type HealthMonitor } from './health/health.ts'
import { createOwnedProbe } from './health/owned-probe.ts'
import { probeService } from './health/probe.ts'
import type { RecordEvent } from './model/event.ts'
import { createManagedProcesses } from './processes/managed.ts'
import { createPm2, type RunningProcess } from './processes/pm2.ts'
import type { Remembered } from './registry/load.ts'
import { writeRegistryFile } from './registry/registry-file.ts'
import { createChannel } from './supervisor/channel.ts'
import { createAutopsy } from './supervisor/autopsy.ts'
import { CRASH_LIMITS, createCrashPolicy } from './supervisor/crash-policy.ts'
import { readDecisions, writeDecisions } from './supervisor/state-file.ts'
import { createSupervisor, type Supervisor } from './supervisor/supervisor.ts'
import type { Publish } from './supervisor/wanted.ts'
import { DAEMON_NAME, loadHostKey, loadWantedFleet } from './wanted-fleet.ts'

const PM2_INTERVAL_MS = 3_000
const CHANNEL_DEADLINE_MS = 5_000
const SWEEP_CRON = '*/30 * * * * *'
const RECHECK_MS = 100
const PROBE_MS = 2_000

export type FleetParts = { supervisor: Supervisor<RunningProcess>; health: HealthMonitor }

export type FleetOptions = {
  config: Config
  log: Log
  /** Whether PM2 runs this process. */
  isManaged: boolean
  /** PM2 no longer knows this process: another daemon must take over under it. */
  onOrphaned: () => void
}

/** Makes the supervisor over PM2, and the health that watches what it runs. */
export const createFleetParts = async (
  options: FleetOptions & { recordEvent: RecordEvent },
): Promise<FleetParts> => {
  const { config, log } = options
  loadHostKey(config)
  const remembered: Remembered = new Map()
  const loadFleet = async (isolated: readonly string[]) => {
    const fleet = await loadWantedFleet(config, isolated, remembered)
    for (const finding of fleet.leftOut) log.error('config left out', finding)
    return fleet
  }
  const decisionsFile = join(config.home.run, 'services.json')
  const initial = await loadFleet(readDecisions(decisionsFile).isolated)
  const supervisor = createSupervisor<RunningProcess>(initial, {
    processes: processesOf(options),
    loadFleet,
    publish: publishTo(config),
    decisions: {
      read: () => readDecisions(decisionsFile),
      write: (decisions) => writeDecisions(decisionsFile, decisions),
    },
    policy: createCrashPolicy({ limits: CRASH_LIMITS, now: Date.now, random: Math.random }),
    autopsy: autopsyIn(config),
    isHost: (name) => name.startsWith('mcp-'),
    openChannel: (host, onClose) => {
      const socketPath = controlSocketOf(config.home.run, host)
      return createChannel({ socketPath, deadlineMs: CHANNEL_DEADLINE_MS, onClose })
    },
    onTouched: ({ hosts = [], services = [] }) => {
      const on = supervisor.fleet().hosts.filter(({ name }) => hosts.includes(name))
      health.doubt([...services, ...on.flatMap((host) => host.services.map(({ name }) => name))])
    },
    rules: { fingerprintIn, changedSettings, fingerprintOf: (spec) => fingerprintIn(spec.env) },
    intervalMs: PM2_INTERVAL_MS,
    log: log.child('supervisor'),
  })
  const health = createHealth({
    targets: () => supervisor.targets(),
    probe: createOwnedProbe({
      probe: (target) => probeService(target, PROBE_MS),
      pidOf: supervisor.pidOf,
      refresh: supervisor.refresh,
    }),
    sweepCron: SWEEP_CRON,
    recheckMs: RECHECK_MS,
    onUnhealthy: createRecovery(supervisor, (service) => health.healthOf(service)?.state, log),
    log: log.child('health'),
  })
  return { supervisor, health }
}

const autopsyIn = ({ home, pm2Home }: Config) =>
  createAutopsy({
    crashFileOf: (host) => crashFileOf(home.run, host),
    workFileOf: (host) => workFileOf(home.run, host),
    logFileOf: (host) => join(home.logs, `${host}.log`),
    pm2LogFile: join(pm2Home, 'pm2.log'),
  })

const processesOf = ({ config, isManaged, onOrphaned }: FleetOptions) => {
  const pm2 = createPm2(config.pm2Home)
  return createManagedProcesses({
    pm2,
    launch: {
      pm2,
      pm2Home: config.pm2Home,
      lockFolder: config.home.run,
      env: environmentOf(config),
    },
    homeRoot: config.home.root,
    self: isManaged ? DAEMON_NAME : undefined,
    onOrphaned,
  })
}

/** Hosts that start later, after a crash say, read from files what they serve by now. */
const publishTo =
  (config: Config): Publish =>
  (fleet, hosts) => {
    writeRegistryFile(config.home.registryFile, fleet.services)
    for (const { spec, services } of hosts)
      writeRegistryFile(servedFileOf(config.home.run, spec.name), services)
  }
