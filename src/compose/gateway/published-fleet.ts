import { unwatchFile, watchFile, type Stats } from 'node:fs'
import { systemCodeOf } from '../../base/errors.ts'
import type { Home } from '../../base/home.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import type { ServiceState } from '../../gateway/breaker.ts'
import type { Service } from '../../model/service.ts'
import { readRegistryFile } from '../../registry/registry-file.ts'
import { readServiceStates, type ServiceStates } from './service-states.ts'

/** The services of this machine as its daemon has written them down, for processes beside it. */
export type PublishedFleet = Runnable & {
  services: () => readonly Service[]
  /** The static port of a service that shall run here. */
  portOf: (service: string) => number | undefined
  /** How a service is that does not serve; undefined: nothing is known against it. */
  stateOf: (service: string) => ServiceState | undefined
}

/** Those are not waited for. */
const OUT = ['stopped', 'quarantined']

const INTERVAL_MS = 500

/**
 * Reads `serviceRegistry.json` and `states.json`, and again whenever the daemon has written another one. A registry that is
 * not there is a fleet that has not been up yet; a file that cannot be read leaves what was known.
 */
export const createPublishedFleet = (
  { registryFile: file, statesFile }: Pick<Home, 'registryFile' | 'statesFile'>,
  log: Log,
): PublishedFleet => {
  let services: readonly Service[] = []
  let states: ServiceStates = {}
  let ports = new Map<string, number>()
  const read = (): void => {
    try {
      services = readRegistryFile(file)
      ports = new Map(services.map(({ name, port }) => [name, port]))
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') log.warn('no fleet has been up here yet', { file })
      else log.error('the fleet that runs here cannot be read', { file, error })
    }
  }
  const readStates = (): void => {
    try {
      states = readServiceStates(statesFile)
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') log.warn('states cannot be read', { statesFile, error })
    }
  }
  const watches = [watch(file, read), watch(statesFile, readStates)]
  return {
    name: 'published fleet',
    services: () => services,
    portOf: (service) =>
      OUT.includes(states[service]?.state ?? '') ? undefined : ports.get(service),
    stateOf: (service) => {
      const known = states[service]
      return known && { state: known.state, since: new Date(known.since) }
    },
    start: () => {
      for (const { start } of watches) start()
      return Promise.resolve()
    },
    stop: () => {
      for (const { stop } of watches) stop()
      return Promise.resolve()
    },
  }
}

/** Whole files take each other's place, so what is watched is the name. */
const watch = (file: string, read: () => void) => {
  const onChange = (now: Stats, before: Stats): void => {
    if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) read()
  }
  return {
    start: () => {
      watchFile(file, { interval: INTERVAL_MS }, onChange)
      read()
    },
    stop: () => unwatchFile(file, onChange),
  }
}
