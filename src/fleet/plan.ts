import type { HostPlan } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'

export type PlanOptions = {
  isolation: 'packed' | 'dedicated'
  /** Services that took a packed host down: each gets a host of its own. */
  isolated?: readonly string[]
  /** Number of packed hosts. */
  hosts: number
}

/**
 * Which host serves which service. A packed service goes to host `port modulo hosts`: adding or removing one moves no
 * other, and since ports are handed out in a row the hosts stay balanced. Hosts that would serve nothing are left out.
 */
export const planHosts = (services: readonly Service[], options: PlanOptions): HostPlan[] => {
  const ordered = [...services].sort((a, b) => a.port - b.port)
  const isDedicated = (service: Service) =>
    needsOwnHost(service) ||
    options.isolated?.includes(service.name) === true ||
    (service.process?.isolation ?? options.isolation) === 'dedicated'
  const packed = Array.from({ length: options.hosts }, (_, index): HostPlan => ({
    name: `mcp-host-${index}`,
    kind: 'packed',
    services: ordered
      .filter((service) => !isDedicated(service) && service.port % options.hosts === index)
      .map(({ name, port }) => ({ name, port })),
  })) // prettier-ignore
  const dedicated = ordered.filter(isDedicated).map(({ name, port, process = {} }): HostPlan => {
    const { isolation: _, ...settings } = process
    return { name: `mcp-${name}`, kind: 'dedicated', services: [{ name, port }], ...settings }
  })
  return [...packed.filter((host) => host.services.length > 0), ...dedicated]
}

/** What is said of the process can be true of one service only. */
const needsOwnHost = ({ process: { script, instances, env = [] } = {} }: Service): boolean =>
  script !== undefined || isManifold(instances) || env.length > 0

/** Whether a service runs as several processes. */
export const isManifold = (instances: number | undefined): boolean => (instances ?? 1) > 1
