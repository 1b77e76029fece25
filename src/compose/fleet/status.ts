import type { Config } from '../../base/config.ts'
import { residentBytesOf, treeBytesOf } from '../../base/proc.ts'
import type { Evidence } from '../../model/crash.ts'
import { listeningGateways } from '../gateway/state.ts'
import {
  GATEWAY_APP,
  type DaemonStatus,
  type FleetStatus,
  type GatewayStatus,
  type HostPlan,
  type HostStatus,
  type LeftOut,
  type ServiceStatus,
} from '../../model/fleet.ts'
import type { WantedFleet } from './wanted.ts'

type Process = {
  name: string
  pid: number | undefined
  status: string
  restarts: number
  startedAt: Date
  memoryBytes: number
}
type Health = {
  state: ServiceStatus['state']
  since: Date
  cause?: string | undefined
  reason?: string | undefined
}

/** What is known of services. */
export type KnownServices = {
  hosts: readonly HostPlan[]
  processes: readonly Process[]
  healthOf: (service: string) => Health | undefined
  decisions: {
    stopped: readonly string[]
    stoppedAt?: Readonly<Record<string, string>> | undefined
    quarantined: Readonly<Record<string, Evidence>>
  }
}

export type StatusParts = KnownServices & {
  config: Config
  version: string
  leftOut: readonly LeftOut[]
}

const STARTED_AT = new Date()

/** Puts together what plan, PM2 and health know. */
export const fleetStatus = (parts: StatusParts): FleetStatus => ({
  services: servicesOf(parts),
  hosts: hostsOf(parts.hosts, parts.processes),
  gateway: gatewayOf(parts.config, parts.processes),
  leftOut: parts.leftOut,
  daemon: {
    ...daemonFacts(parts.config, parts.version),
    state: 'running',
    pid: process.pid,
    since: STARTED_AT.toISOString(),
  },
})

/** What a service of this home answers by itself. */
export type Answer = { state: 'healthy' | 'planned'; pid: number }

/** The same shape when no daemon answers: whoever answers itself is up, as far as anybody can tell. */
export const statusWithoutDaemon = (
  config: Config,
  fleet: Pick<WantedFleet, 'services' | 'hosts' | 'leftOut'>,
  { version, answers }: { version: string; answers: ReadonlyMap<string, Answer> },
): FleetStatus => {
  const since = new Date()
  const processes = fleet.hosts.flatMap(({ name, services }): Process[] => {
    const { pid } = services.map((service) => answers.get(service.name)).find(Boolean) ?? {}
    if (pid === undefined) return []
    const memoryBytes = residentBytesOf(pid)
    return [{ name, pid, status: 'online', restarts: 0, startedAt: since, memoryBytes }]
  })
  const silent = fleet.services.map(({ name }) => name).filter((name) => !answers.has(name))
  const parts = {
    config,
    hosts: fleet.hosts,
    version,
    decisions: { stopped: silent, quarantined: {} },
    processes,
    healthOf: (service: string) => ({
      state: answers.get(service)?.state ?? ('stopped' as const),
      since,
    }),
  }
  return {
    services: servicesOf(parts),
    hosts: hostsOf(fleet.hosts, processes),
    gateway: gatewayOf(config, processes),
    leftOut: fleet.leftOut,
    daemon: { ...daemonFacts(config, version), state: 'stopped', pid: null, since: null },
  }
}

const daemonFacts = (
  config: Config,
  version: string,
): Omit<DaemonStatus, 'state' | 'pid' | 'since'> => ({
  url: config.baseUrl,
  version,
  database: config.databaseUrl === undefined ? 'embedded' : 'postgres',
  sandbox: config.sandboxUrl ?? null,
  pm2Home: config.pm2Home,
})

/** The services of {@link fleetStatus} alone, by port. */
export const servicesOf = (known: KnownServices): ServiceStatus[] => {
  const { hosts, processes, healthOf, decisions } = known
  const processOf = new Map(processes.map((process) => [process.name, process]))
  const now = new Date()
  return hosts
    .flatMap((host) => host.services.map((service) => ({ host, service })))
    .map(({ host, service }) => {
      const process = processOf.get(host.name)
      const health: Health = healthOf(service.name) ?? { state: 'starting', since: now }
      const decided = stateOf(service.name, decisions)
      return {
        service: service.name,
        port: service.port,
        host: host.name,
        pid: process?.pid ?? null,
        state: decided ?? health.state,
        since: sinceOf(service.name, decisions) ?? health.since.toISOString(),
        restarts: process?.restarts ?? 0,
        ...(decided === undefined && troubleOf(health)),
      }
    })
    .sort((a, b) => a.port - b.port)
}

const troubleOf = ({ cause, reason }: Health): Pick<ServiceStatus, 'cause' | 'reason'> =>
  cause === undefined || reason === undefined ? {} : { cause, reason }

const hostsOf = (hosts: readonly HostPlan[], processes: readonly Process[]): HostStatus[] =>
  hosts.map((host) => {
    const process = processes.find(({ name }) => name === host.name)
    return {
      name: host.name,
      pid: process?.pid ?? null,
      state: hostState(process?.status),
      services: host.services.length,
      memoryBytes: process ? memoryOf(host, process) : 0,
      restarts: process?.restarts ?? 0,
    }
  })

/** Programs of an operator's own, and what shares a port, may have several processes; PM2 measures the first. */
const memoryOf = ({ script, instances }: HostPlan, { pid, memoryBytes }: Process): number =>
  pid === undefined || (script === undefined && instances === undefined)
    ? memoryBytes
    : treeBytesOf(pid)

const gatewayOf = (config: Config, known: readonly Process[]): GatewayStatus | null => {
  const { gateways: wanted, gatewayPort: port } = config
  if (wanted === 0) return null
  const processes = listeningGateways(config)
  const keeper = known.find(({ name }) => name === GATEWAY_APP)
  const running = processes.length < wanted ? 'degraded' : 'running'
  const pids = keeper?.pid === undefined ? processes : [keeper.pid, ...processes]
  return {
    state: processes.length === 0 ? 'stopped' : running,
    port,
    pid: keeper?.pid ?? null,
    wanted,
    processes,
    memoryBytes: pids.reduce((sum, pid) => sum + residentBytesOf(pid), 0),
    restarts: keeper?.restarts ?? 0,
  }
}

const hostState = (status: string | undefined): HostStatus['state'] => {
  if (status === 'online' || status === 'errored') return status
  return status === undefined || status.startsWith('stop') ? 'stopped' : 'starting'
}

const sinceOf = (service: string, decisions: KnownServices['decisions']): string | undefined =>
  decisions.stoppedAt?.[service] ?? decisions.quarantined[service]?.since

const stateOf = (
  service: string,
  { stopped, quarantined }: KnownServices['decisions'],
): 'stopped' | 'quarantined' | undefined => {
  if (stopped.includes(service)) return 'stopped'
  return service in quarantined ? 'quarantined' : undefined
}
