import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { findListener } from '../../../src/base/proc.ts'
import type { Service } from '../../../src/model/service.ts'
import { loadRegistry } from '../../../src/registry/load.ts'

/** A registry for one measurement, on ports that nobody else uses. */
export type Fleet = {
  /** `<registryDir>/<service>/config.json` */
  registryDir: string
  services: readonly Service[]
  /** For the daemon: the one below the services'. */
  daemonPort: number
}

export type FleetOptions = {
  /** The registry to take configs from. */
  from: string
  /** Folder to write the new one to. */
  to: string
  /** Undefined: as many as there are. */
  count: number | undefined
  /** The services' ports go up from here, or from the next port up after which none is taken. */
  firstPort: number
}

/**
 * Writes a registry of `count` services on ports in a row: the shipped ones by their ports, and after the last one the
 * first again under another name, so that a larger fleet has the same mixture of small and large configs.
 *
 * @throws Error when so many free ports in a row are not below the ephemeral range
 */
export const writeFleet = async ({ from, to, ...wanted }: FleetOptions): Promise<Fleet> => {
  const shipped = loadRegistry(from).services
  const count = wanted.count ?? shipped.length
  const firstPort = await findFirstPort(wanted.firstPort, count)
  const services = Array.from({ length: count }, (_, index) => {
    const model = shipped[index % shipped.length]
    if (!model) throw new Error(`${from} holds no service`)
    const round = Math.floor(index / shipped.length)
    const name = round === 0 ? model.name : `${model.name}-copy${round}`
    return { ...model, name, port: firstPort + index }
  })
  for (const service of services) {
    mkdirSync(join(to, service.name), { recursive: true })
    writeFileSync(join(to, service.name, 'config.json'), JSON.stringify(service))
  }
  return { registryDir: to, services, daemonPort: firstPort - 1 }
}

/** From here on Linux takes ports for outgoing connections. */
const EPHEMERAL = 32_768

/** Looks for ports in a row that nobody listens on, for the services and, below them, the daemon. */
const findFirstPort = async (from: number, count: number): Promise<number> => {
  let daemonPort = from - 1
  for (let port = daemonPort; port <= daemonPort + count; port++) {
    if (port >= EPHEMERAL) throw new Error(`no ${count + 1} free ports in a row from ${from} up`)
    if (!(await isFree(port))) daemonPort = port + 1
  }
  return daemonPort + 1
}

/**
 * A port in use would be measured as a service that starts late.
 * @throws Error naming the port and who holds it
 */
export const checkPorts = async ({ services, daemonPort }: Fleet): Promise<void> => {
  for (const port of [daemonPort, ...services.map((service) => service.port)]) {
    if (await isFree(port)) continue
    const holder = findListener(port)
    throw new Error(`port ${port} is taken${holder ? ` by ${holder.pid} ${holder.command}` : ''}`)
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
