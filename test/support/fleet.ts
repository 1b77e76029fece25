import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { FleetStatus } from '../../src/model/fleet.ts'
import type { Service } from '../../src/model/service.ts'
import { runBerth, type Ran } from './berth.ts'
import { createPostgres, skipWithoutPostgres } from './databases.ts'
import { copyEmbedded } from './embedded-template.ts'
import { findFreePorts } from './free-ports.ts'
import { processesNaming } from './processes.ts'
import { makeService, writeRegistry } from './services.ts'
import { useTempFolder } from './temp-folder.ts'
import { waitUntil } from './wait-until.ts'

type RunOptions = { env?: Record<string, string>; stdin?: string }

/** A home with a registry of its own on free ports; what a test starts in it is ended after the file. */
export type Fleet = {
  home: string
  registry: string
  port: number
  url: string
  /** The static ports by service. */
  ports: Readonly<Record<string, number>>
  env: Readonly<Record<string, string>>
  run: (args: readonly string[], options?: RunOptions) => Promise<Ran>
  /** Runs with `--json`; stdout must hold JSON alone and the command be done. */
  json: <T = FleetStatus>(args: readonly string[], options?: RunOptions) => Promise<T>
  /** Changes one service's config in the registry. */
  configure: (name: string, over: Partial<Service>) => void
}

const TOOL: Service['tools'][number] = {
  name: 'get_item',
  description: 'Looks an item up.',
  endpoint: '/items/{id}',
  method: 'GET',
  parameters: { id: { type: 'string', required: true, description: 'Its id' } },
}

type FleetOptions = {
  /** `planned` stands for one without tools. */
  services?: readonly string[]
  env?: Record<string, string>
  database?: 'postgres' | 'embedded'
}

export const useFleet = (options: FleetOptions = {}): (() => Fleet) => {
  const { services = ['alpha', 'beta', 'planned'], database = 'postgres' } = options
  let fleet: Fleet | undefined
  let dropDatabase = (): Promise<void> => Promise.resolve()
  const get = (): Fleet => {
    if (!fleet) throw new Error('the fleet is made before the tests')
    return fleet
  }
  // Mocha runs these in the order in which they stand here: the folder goes last.
  after('down', async function () {
    this.timeout(60_000)
    if (fleet) await takeDown(fleet)
    await dropDatabase()
  })
  const folder = useTempFolder()
  before('a fleet', async function () {
    this.timeout(30_000)
    if (database === 'postgres') await skipWithoutPostgres(this)
    const [port = 0, ...free] = await findFreePorts(services.length + 1)
    const ports = Object.fromEntries(services.map((name, index) => [name, free[index] ?? 0]))
    const home = join(folder(), 'home')
    const registry = join(folder(), 'registry')
    const common = { PORT: String(port), BERTH_HOME: home, BERTH_REGISTRY_DIR: registry }
    const postgres = database === 'postgres' ? await createPostgres() : undefined
    dropDatabase = postgres?.drop ?? dropDatabase
    if (!postgres) await copyEmbedded(join(home, 'pg'))
    const env = {
      ...common,
      BERTH_HOSTS: '2',
      ...(postgres && { DATABASE_URL: postgres.url }),
      ...options.env,
    }
    fleet = { ...actionsOf(registry, ports, env), home, registry, port, ports, env, url: `http://127.0.0.1:${port}` } // prettier-ignore
    for (const name of services) fleet.configure(name, {})
  })
  return get
}

const actionsOf = (
  registry: string,
  ports: Readonly<Record<string, number>>,
  env: Record<string, string>,
) => {
  const run: Fleet['run'] = (args, { env: more = {}, stdin = '' } = {}) =>
    runBerth(args, { ...env, ...more }, stdin)
  return {
    run,
    json: async <T>(args: readonly string[], options?: RunOptions): Promise<T> => {
      const { code, stdout, stderr } = await run([...args, '--json'], options)
      assert.equal(code, 0, `berth ${args.join(' ')}: ${stdout}${stderr}`)
      return JSON.parse(stdout) as T
    },
    configure: (name: string, over: Partial<Service>) => {
      const tools = name === 'planned' ? [] : [TOOL]
      const source = 'https://docs.widgets.test'
      const service = makeService({ name, port: ports[name] ?? 0, tools, source, ...over })
      writeRegistry(registry, { [name]: service })
    },
  }
}

const takeDown = async (fleet: Fleet): Promise<void> => {
  const { code, stdout, stderr } = await fleet.run(['down'])
  assert.equal(code, 0, `berth down: ${stdout}${stderr}`)
  await waitUntil('no process is left', () => processesNaming(fleet.home).length === 0)
}

/** The pids of the daemon and of each host. */
export const pidsOf = ({ daemon, hosts }: FleetStatus): Record<string, number | null> => ({
  'main-api': daemon.pid,
  ...Object.fromEntries(hosts.map(({ name, pid }) => [name, pid])),
})

export const statesOf = ({ services }: FleetStatus): Record<string, string> =>
  Object.fromEntries(services.map(({ service, state }) => [service, state]))
