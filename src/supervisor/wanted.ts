import {
  GATEWAY_APP,
  type AppSpec,
  type HostPlan,
  type LeftOut,
  type Slip,
} from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { WantedHost } from './diff.ts'
import type { Decisions } from './state-file.ts'

/** What shall run. */
export type Fleet = {
  services: readonly Service[]
  hosts: readonly HostPlan[]
  apps: readonly AppSpec[]
  leftOut: readonly LeftOut[]
  slips?: readonly Slip[]
}

/** A service that shall run, and how its health is watched. */
export type Target = { service: string; port: number } & Service['health']

/** Makes known to hosts that start later what they serve: they read it from files. */
export type Publish = (fleet: Fleet, hosts: readonly WantedHost[]) => void

export type WantedOptions = {
  publish: Publish
  /** What was decided about services beyond the registry; kept beyond this process. */
  decisions: { read: () => Decisions; write: (decisions: Decisions) => void }
}

/** What shall run now: the fleet as applied last, without what is stopped or in quarantine. */
export const createWanted = (initial: Fleet, { publish, decisions: kept }: WantedOptions) => {
  let fleet = initial
  let decisions = kept.read()
  let places: ReadonlyMap<string, { port: number; host: string }> = new Map()
  let targets: readonly Target[] = []

  const isOut = (service: string) =>
    decisions.stopped.includes(service) || service in decisions.quarantined
  const hostsOf = (some: Fleet): WantedHost[] => wantedHosts(some, isOut)
  const announce = () => {
    const hosts = hostsOf(fleet)
    places = new Map(
      hosts.flatMap(({ spec, services }) =>
        services.map(({ name, port }) => [name, { port, host: spec.name }]),
      ),
    )
    targets = hosts.flatMap(({ services }) =>
      services.map(({ name, port, health }) => ({ ...health, service: name, port })),
    )
    publish(fleet, hosts)
  }

  return {
    fleet: () => fleet,
    hosts: () => hostsOf(fleet),
    hostsOf,
    decisions: () => decisions,
    portOf: (service: string) => places.get(service)?.port,
    hostOf: (service: string) => places.get(service)?.host,
    /** The same array until something changes. */
    targets: () => targets,
    set: (next: Fleet): void => {
      fleet = next
      announce()
    },
    decide: (change: Partial<Decisions>): void => {
      decisions = { ...decisions, ...change }
      kept.write(decisions)
      announce()
    },
  }
}

/**
 * The hosts that shall run, each with the configs of its services; a host without any is not wanted. The gateway beside the
 * daemon serves none.
 */
const wantedHosts = (
  { services, hosts, apps }: Fleet,
  isOut: (service: string) => boolean,
): WantedHost[] => {
  const configs = new Map<string, Service>(services.map((service) => [service.name, service]))
  const specs = new Map(apps.map((spec) => [spec.name, spec]))
  const gateway = specs.get(GATEWAY_APP)
  const serving = hosts.flatMap((host) => {
    const spec = specs.get(host.name)
    const names = host.services.map(({ name }) => name).filter((name) => !isOut(name))
    const served = names.flatMap((name) => configs.get(name) ?? [])
    return spec && served.length > 0 ? [{ spec, services: served }] : []
  })
  return gateway ? [...serving, { spec: gateway, services: [] }] : serving
}
