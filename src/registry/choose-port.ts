import { existsSync } from 'node:fs'
import { AppError } from '../base/errors.ts'
import { loadRegistry } from './load.ts'

/** Where the shipped registry begins. */
const FIRST = 49_160
const LAST = 65_535

type PortRequest = { directory: string; name: string; port: number | undefined }

/**
 * The static port for a config that is to be written: the one asked for, else the one that a service of this name has
 * already, else the next that no config names.
 *
 * @throws AppError `service_exists` when another service has the port, or none is left
 */
export const choosePort = ({ directory, name, port }: PortRequest): number => {
  if (!existsSync(directory)) return port ?? FIRST
  const { services, reservedPorts } = loadRegistry(directory)
  const own = services.find((service) => service.name === name)?.port
  if (port === undefined) return own ?? nextFree(reservedPorts)
  if (port === own || !reservedPorts.has(port)) return port
  const owner = services.find((service) => service.port === port)?.name ?? 'another config'
  throw new AppError('service_exists', `Port ${port} belongs to ${owner}; without --port the next free one is taken.`) // prettier-ignore
}

const nextFree = (taken: ReadonlySet<number>): number => {
  for (let port = FIRST; port <= LAST; port++) if (!taken.has(port)) return port
  throw new AppError('service_exists', `Every port from ${FIRST} to ${LAST} is taken; name another with --port.`) // prettier-ignore
}
