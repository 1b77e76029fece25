import { unwatchFile, watchFile, type Stats } from 'node:fs'
import { systemCodeOf } from './base/errors.ts'
import type { Runnable } from './base/lifecycle.ts'
import type { Log } from './base/log.ts'
import type { Service } from './model/service.ts'
import { readRegistryFile } from './registry/registry-file.ts'

/** The services of this machine as its daemon has written them down, for processes beside it. */
export type PublishedFleet = Runnable & {
  services: () => readonly Service[]
  /** The static port of a service that runs here. */
  portOf: (service: string) => number | undefined
}

const INTERVAL_MS = 500

/**
 * Reads `serviceRegistry.json`, and again whenever the daemon has written another one. A file that is not there is a
 * fleet that has not been up yet; one that cannot be read leaves what was known.
 */
export const createPublishedFleet = (file: string, log: Log): PublishedFleet => {
  let services: readonly Service[] = []
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
  // Whole files take its place, so what is watched is the name.
  const onChange = (now: Stats, before: Stats): void => {
    if (now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) read()
  }
  return {
    name: 'published fleet',
    services: () => services,
    portOf: (service) => ports.get(service),
    start: () => {
      watchFile(file, { interval: INTERVAL_MS }, onChange)
      read()
      return Promise.resolve()
    },
    stop: () => {
      unwatchFile(file, onChange)
      return Promise.resolve()
    },
  }
}
