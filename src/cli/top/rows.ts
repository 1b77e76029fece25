import type { FleetStatus, ServiceStatus } from '../../model/fleet.ts'
import { percentileOf } from '../../model/latency.ts'
import type { LiveTraffic } from '../../model/live-traffic.ts'

/** One service as `berth top` shows it. */
export type TopRow = Pick<ServiceStatus, 'service' | 'state' | 'host' | 'restarts'> & {
  requestsPerSecond: number
  errorsPerSecond: number
  /** null: nothing was answered meanwhile. */
  p95Ms: number | null
  inFlight: number
  /** Of its host's process, which others may share. */
  memoryBytes: number
}

type LiveService = LiveTraffic['services'][number]

/** What happened between two looks; a daemon that started meanwhile counts from nothing. */
export const toRows = (
  { services, hosts }: FleetStatus,
  before: LiveTraffic,
  now: LiveTraffic,
): TopRow[] => {
  const isSame = before.since === now.since
  const seconds = Math.max(0.001, (Date.parse(now.at) - Date.parse(isSame ? before.at : now.since)) / 1000) // prettier-ignore
  const earlier = byService(isSame ? before.services : [])
  const later = byService(now.services)
  const memory = new Map(hosts.map(({ name, memoryBytes }) => [name, memoryBytes]))
  return services.map(({ service, state, host, restarts }) => ({
    service,
    state,
    host,
    restarts,
    memoryBytes: memory.get(host) ?? 0,
    ...ratesOf(earlier.get(service), later.get(service), seconds),
  }))
}

const byService = (services: readonly LiveService[]): Map<string, LiveService> =>
  new Map(services.map((one) => [one.service, one]))

const NOTHING: Omit<LiveService, 'service'> = { requests: 0, errors: 0, inFlight: 0, latency: [] }

const ratesOf = (
  before: Omit<LiveService, 'service'> | undefined,
  now: Omit<LiveService, 'service'> | undefined,
  seconds: number,
) => {
  const [was, is] = [before ?? NOTHING, now ?? NOTHING]
  const latency = is.latency.map((count, index) => count - (was.latency[index] ?? 0))
  return {
    requestsPerSecond: (is.requests - was.requests) / seconds,
    errorsPerSecond: (is.errors - was.errors) / seconds,
    inFlight: is.inFlight,
    p95Ms: percentileOf(latency, 0.95),
  }
}
