import type { FleetStatus, ServiceState } from '../model/fleet.ts'
import type { HostFigures } from '../model/host-figures.ts'
import { tallySamples, type Family, type Measured, type Sample } from './families.ts'

const STATES: readonly ServiceState[] = [
  'healthy', 'degraded', 'unhealthy', 'starting', 'stopped', 'quarantined', 'planned',
] // prettier-ignore
const UP: readonly ServiceState[] = ['healthy', 'degraded', 'planned']

/** Of supervisor and hosts. */
export const fleetFamilies = ({ meters, status, hosts = [] }: Measured): Family[] => [
  ...(status ? statusFamilies(status) : []),
  ...(status ? hostFamilies(hosts) : []),
  {
    name: 'berth_supervisor_exits_total',
    help: 'Processes of the fleet that ended by themselves, by cause.',
    type: 'counter',
    read: () => tallySamples(meters.exits.counts(), 'cause'),
  },
  {
    name: 'berth_supervisor_verdicts_total',
    help: 'What was made of such ends: leave (PM2 restarts), isolate, quarantine.',
    type: 'counter',
    read: () => tallySamples(meters.verdicts.counts(), 'verdict'),
  },
]

const statusFamilies = ({ services, hosts }: FleetStatus): Family[] => [
  {
    name: 'berth_services',
    help: 'Services by state.',
    type: 'gauge',
    read: () =>
      STATES.map((state) => ({
        labels: { state },
        value: services.filter((one) => one.state === state).length,
      })),
  },
  {
    name: 'berth_service_up',
    help: 'Whether a service that shall run answers: 1 for healthy, degraded and planned ones.',
    type: 'gauge',
    read: () =>
      services
        .filter(({ state }) => state !== 'stopped')
        .map(({ service, state }) => ({ labels: { service }, value: UP.includes(state) ? 1 : 0 })),
  },
  {
    name: 'berth_host_up',
    help: 'Whether the process of a host runs.',
    type: 'gauge',
    read: () =>
      hosts.map(({ name, state }) => ({
        labels: { host: name },
        value: state === 'online' ? 1 : 0,
      })),
  },
  {
    name: 'berth_host_restarts_total',
    help: 'Restarts of a host as PM2 counts them.',
    type: 'counter',
    read: () => hosts.map(({ name, restarts }) => ({ labels: { host: name }, value: restarts })),
  },
]

type Read = (host: HostFigures) => number | null

const BY_HOST: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['resident_memory_bytes', 'Resident memory of a host.', (one) => one.residentBytes],
  ['cpu_seconds_total', 'CPU time of a host, user and system.', (one) => one.cpuSeconds],
  ['event_loop_delay_mean_seconds', 'Mean delay of the event loop since the last scrape.', ({ loop }) => loop && loop.meanMs / 1000],
  ['event_loop_delay_max_seconds', 'Longest delay of the event loop since the last scrape.', ({ loop }) => loop && loop.maxMs / 1000],
  ['event_loop_utilization_ratio', 'Part of the time since the last scrape in which the event loop was busy.', ({ loop }) => loop && loop.utilization],
] // prettier-ignore

const hostFamilies = (hosts: readonly HostFigures[]): Family[] => [
  ...BY_HOST.map(([name, help, read]): Family => ({
    name: `berth_host_${name}`,
    help,
    type: name.endsWith('_total') ? 'counter' : 'gauge',
    read: () => hosts.flatMap((host) => samplesOf(host, read(host))),
  })),
  {
    name: 'berth_host_tool_calls_total',
    help: 'Tool calls by service as its host counts them, and whether they failed.',
    type: 'counter',
    read: () =>
      hosts.flatMap(({ calls }) =>
        Object.entries(calls).flatMap(([service, { calls: all, errors }]) => [
          { labels: { service, outcome: 'ok' }, value: all - errors },
          { labels: { service, outcome: 'failed' }, value: errors },
        ]),
      ),
  },
]

const samplesOf = ({ host }: HostFigures, value: number | null): Sample[] =>
  value === null ? [] : [{ labels: { host }, value }]
