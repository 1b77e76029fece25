import { join } from 'node:path'
import { findPortUsers } from '../../base/port-users.ts'
import { environmentOf, type Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import { controlSocketOf, crashFileOf, servedFileOf, workFileOf } from '../../fleet/ecosystem.ts'
import { changedSettings, fingerprintIn } from '../../fleet/fingerprint.ts'
import { GATEWAY_APP } from '../../model/fleet.ts'
import { createRecovery } from './recovery.ts'
import { createHealthHistory, type HealthHistory } from '../../health/history.ts'
import type { Checked } from '../../health/asking.ts'
import { createHealth, type HealthMonitor } from '../../health/health.ts'
import { createListeners } from '../../health/listeners.ts'
import { createOwnedProbe } from '../../health/owned-probe.ts'
import { probeService } from '../../health/probe.ts'
import type { FleetEvent, RecordEvent } from '../../model/event.ts'
import { createManagedProcesses } from '../../processes/managed.ts'
import { createPm2, type RunningProcess } from '../../processes/pm2.ts'
import { meterPolicy } from '../observation/metered.ts'
import type { Meters } from '../../model/meters.ts'
import type { Remembered } from '../../registry/load.ts'
import { writeRegistryFile } from '../../registry/registry-file.ts'
import { createChannel } from '../../supervisor/channel.ts'
import { createAutopsy } from '../../supervisor/autopsy.ts'
import { CRASH_LIMITS, createCrashPolicy } from '../../supervisor/crash-policy.ts'
import { readDecisions, writeDecisions } from '../../supervisor/state-file.ts'
import { createSupervisor, type Supervisor } from '../../supervisor/supervisor.ts'
import type { Publish } from '../../supervisor/wanted.ts'
import { DAEMON_NAME, loadHostKey, loadWantedFleet } from './wanted.ts'

const PM2_INTERVAL_MS = 3_000
const CHANNEL_DEADLINE_MS = 5_000
const SWEEP_CRON = '*/30 * * * * *'
const RECHECK_MS = 100
const REPEAT_MS = 1_000
/** So much later than by the clock sweeps begin at most. */
const MAX_JITTER_MS = 2_000

export type FleetParts = {
  supervisor: Supervisor<RunningProcess>
  health: HealthMonitor
  history: HealthHistory
}

export type FleetOptions = {
  config: Config
  log: Log
  /** Whether PM2 runs this process. */
  isManaged: boolean
  /** PM2 no longer knows this process: another daemon must take over under it. */
  onOrphaned: () => void
}

type Options = FleetOptions & { recordEvent: RecordEvent; meters: Meters }

/** Makes the supervisor over PM2, and the health that watches what it runs. */
export const createFleetParts = async (options: Options): Promise<FleetParts> => {
  loadHostKey(options.config)
  const watch: { doubt: (touched: Touched) => void } = { doubt: () => undefined }
  const supervisor = await createSupervisorPart(options, (touched) => watch.doubt(touched))
  const parts = createHealthParts(options, supervisor)
  watch.doubt = ({ hosts = [], services = [] }) => {
    const on = supervisor.fleet().hosts.filter(({ name }) => hosts.includes(name))
    const served = on.flatMap((host) => host.services.map(({ name }) => name))
    parts.health.doubt([...services, ...served])
  }
  return { supervisor, ...parts }
}

const createSupervisorPart = async (
  options: Options,
  onTouched: (touched: Touched) => void,
): Promise<Supervisor<RunningProcess>> => {
  const { config, log, recordEvent } = options
  const remembered: Remembered = new Map()
  const loadFleet = async (isolated: readonly string[]) => {
    const fleet = await loadWantedFleet(config, isolated, remembered)
    for (const finding of fleet.leftOut) log.error('config left out', finding)
    return fleet
  }
  const decisionsFile = join(config.home.run, 'services.json')
  const initial = await loadFleet(readDecisions(decisionsFile).isolated)
  return createSupervisor<RunningProcess>(initial, {
    processes: processesOf(options),
    loadFleet,
    publish: publishTo(config),
    decisions: {
      read: () => readDecisions(decisionsFile),
      write: (decisions) => writeDecisions(decisionsFile, decisions),
    },
    policy: createPolicy(options),
    autopsy: autopsyIn(config),
    isHost: (name) => name.startsWith('mcp-') || name === GATEWAY_APP,
    openChannel: (host, onClose) => {
      const socketPath = controlSocketOf(config.home.run, host)
      const onGone = () => {
        onTouched({ hosts: [host] }) // at once, before PM2 is asked
        onClose()
      }
      return createChannel({ socketPath, deadlineMs: CHANNEL_DEADLINE_MS, onClose: onGone })
    },
    onTouched,
    recordEvent,
    rules: { fingerprintIn, changedSettings, fingerprintOf: (spec) => fingerprintIn(spec.env) },
    intervalMs: PM2_INTERVAL_MS,
    log: log.child('supervisor'),
  })
}

const createPolicy = ({ meters }: Options) =>
  meterPolicy(
    createCrashPolicy({ limits: CRASH_LIMITS, now: Date.now, random: Math.random }),
    meters,
  )

const createHealthParts = (
  { log, recordEvent }: Options,
  supervisor: Supervisor<RunningProcess>,
): Pick<FleetParts, 'health' | 'history'> => {
  const { pidOf, refresh } = supervisor
  const history = createHealthHistory({ log: log.child('health') })
  const stateOf = (service: string) => health.healthOf(service)?.state
  const recover = createRecovery(supervisor, stateOf, { recordEvent, log })
  const listenersOn = createListeners(() =>
    findPortUsers(new Set(supervisor.targets().map(({ port }) => port))),
  )
  const health = createHealth({
    targets: supervisor.targets,
    probe: createOwnedProbe({ probe: probeService, pidOf, refresh, listenersOn }),
    sweepCron: SWEEP_CRON,
    recheckMs: RECHECK_MS,
    repeatMs: REPEAT_MS,
    jitterMs: Math.random() * MAX_JITTER_MS,
    onUnhealthy: (service) => {
      // A new process would not get its port either.
      if (health.healthOf(service)?.cause !== 'stranger') recover(service)
    },
    onChecked: history.note,
    onTransition: (checked) => recordEvent(transitionOf(checked)),
    log: log.child('health'),
  })
  return { health, history }
}

type Touched = { hosts?: readonly string[]; services?: readonly string[] }

const transitionOf = ({ service, before, after }: Checked): FleetEvent => {
  const { cause, reason } = after
  return {
    type: 'service.state',
    service,
    message: `${service} is ${after.state}${reason === undefined ? '' : `: ${reason}`} (was ${before.state}).`,
    data: { from: before.state, to: after.state, cause, reason, failures: after.failures },
  }
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
      if (services.length > 0) writeRegistryFile(servedFileOf(config.home.run, spec.name), services)
  }
