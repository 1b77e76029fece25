import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { silentLog, type Log } from '../../src/base/log.ts'
import {
  CREDENTIALS_HEADER,
  sealForHost,
  type Credentials,
} from '../../src/model/host-credentials.ts'
import type { Service } from '../../src/model/service.ts'
import { writeRegistryFile } from '../../src/registry/registry-file.ts'
import { readHostEnvironment } from '../../src/services/mcp/environment.ts'
import { createHost } from '../../src/services/mcp/host.ts'
import { waitUntil } from './wait-until.ts'

const PROGRAM = join(import.meta.dirname, '../../dist/services/mcp/main.js')

export type HostSettings = {
  /** Where its files go, each host's in a folder of its own. */
  folder: string
  services: readonly Service[]
  /** Over what a host gets by default. */
  env?: Readonly<Record<string, string>>
  /** Of a host within this process. */
  log?: Log
}

/** The files and the environment of a host, and its gateway's side of the seal. */
const prepareHost = ({ folder, services, env }: HostSettings) => {
  const home = mkdtempSync(join(folder, 'host-'))
  const [registryFile, keyFile] = [join(home, 'serviceRegistry.json'), join(home, 'host.key')]
  const hostKey = randomBytes(32)
  writeRegistryFile(registryFile, services)
  writeFileSync(keyFile, `${hostKey.toString('base64')}\n`, { mode: 0o600 })
  return {
    env: {
      SERVICE_MODE: 'shared',
      MCP_TYPES: services.map(({ name }) => name).join(','),
      BERTH_REGISTRY_FILE: registryFile,
      BERTH_HOST_KEY_FILE: keyFile,
      ...env,
    },
    hostKey,
    urlOf: (service: Service) => `http://127.0.0.1:${service.port}`,
    /** The headers by which the gateway hands over a user's credentials. */
    sealed: (service: Service, credentials: Credentials) => ({
      [CREDENTIALS_HEADER]: sealForHost(
        hostKey,
        { service: service.name, port: service.port },
        credentials,
      ),
    }),
  }
}

/** A host within this process. */
export const startHostHere = async (settings: HostSettings) => {
  const prepared = prepareHost(settings)
  const host = createHost({
    environment: readHostEnvironment(prepared.env),
    log: settings.log ?? silentLog,
  })
  await host.start()
  return { ...prepared, stop: host.stop }
}

type Line = Record<string, unknown> & { event?: string }

/** The built host program as a process of its own; returns when it has started. */
export const spawnHost = async (settings: HostSettings) => {
  const prepared = prepareHost(settings)
  const child = spawn(process.execPath, [PROGRAM], {
    env: prepared.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Line[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Line)
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const hasLogged = (event: string) =>
    waitUntil(`the host logs "${event}"`, () => {
      const line = lines.find((line) => line.event === event)
      if (!line && child.exitCode !== null)
        throw new Error(`the host ended: ${JSON.stringify(lines)}`)
      return line
    })
  /** Sends SIGTERM. @returns the exit code */
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM')
    return (await exited)[0]
  }
  await hasLogged('host started')
  return { ...prepared, pid: child.pid ?? 0, lines, hasLogged, exited, stop }
}
