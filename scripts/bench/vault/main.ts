// Rotates the keys of many instances while requests go through the gateway and the daemon is killed twice.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson } from '../../../src/cli/output.ts'
import type { FleetStatus } from '../../../src/model/fleet.ts'
import type { Rotation } from '../../../src/model/keys.ts'
import { runNode } from '../fleet/command.ts'
import { createDatabase } from '../fleet/database.ts'
import { writeFleet } from '../fleet/fleet.ts'
import { createWorkspace } from '../fleet/workspace.ts'
import { countLost, fillInstances } from './fill.ts'
import { startLoad } from './load.ts'

const USAGE = `npm run bench:vault -- [--instances N] [--json]

Fills a Postgres with N instances (100,000 by default), rotates the keys with berth keys rotate while requests go through the
gateway, and kills the daemon twice meanwhile. Then every value is opened and compared.`

const COMMAND_MS = 300_000
const KILL_AFTER_MS = [1_500, 5_000]
const USED = 50
const WORKERS = 4

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      instances: { type: 'string', default: '100000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(USAGE)
    return
  }
  const workspace = createWorkspace()
  const database = await createDatabase()
  try {
    const fleet = await writeFleet({ from: workspace.registry, to: workspace.makeFolder('registry'), count: undefined, firstPort: 19_160 }) // prettier-ignore
    const env = {
      ...workspace.env,
      BERTH_HOME: join(workspace.packageRoot, '../home'),
      BERTH_REGISTRY_DIR: fleet.registryDir,
      BERTH_SERVICES: 'echo',
      PORT: String(fleet.daemonPort),
      DATABASE_URL: database.url,
    }
    const berth = async <T>(...args: string[]): Promise<T> => {
      const command = [join(workspace.packageRoot, 'dist/cli/main.js'), ...args, '--json']
      const signal = AbortSignal.timeout(COMMAND_MS)
      return JSON.parse(await runNode({ args: command, env, deadlineMs: COMMAND_MS, signal })) as T
    }
    const figures = await measure(berth, { url: database.url, env }, Number(values.instances))
    if (values.json) printJson(figures)
    else for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(22)} ${value}`)
  } finally {
    await workspace.endProcesses().finally(database.drop)
    await workspace.remove()
  }
}

type Berth = <T>(...args: string[]) => Promise<T>
type Place = { url: string; env: Readonly<Record<string, string>> }

const measure = async (berth: Berth, place: Place, count: number) => {
  const { daemon } = await berth<FleetStatus>('up')
  note(`filling ${count} instances …`)
  const filled = await fillInstances(place, count)
  const urls = filled.slice(0, USED).map(({ handle, secret }) => `${daemon.url}/${handle}_${secret}/echo/tools`) // prettier-ignore
  const load = startLoad(urls, WORKERS)
  await delay(1_000)
  note('rotating …')
  const startedAt = performance.now()
  const [rotation, kills] = await Promise.all([
    berth<Rotation>('keys', 'rotate'),
    killDaemon(berth, daemon.pid),
  ])
  const seconds = (performance.now() - startedAt) / 1000
  await delay(1_000)
  const { answered, failed, retried } = await load.stop()
  note('comparing …')
  const lost = await countLost(place, filled)
  return {
    instances: count,
    'sealed values': rotation.total,
    seconds: Math.round(seconds * 10) / 10,
    'instances a second': Math.round(count / seconds),
    'daemon killed': kills,
    'requests answered': answered,
    'requests failed': failed,
    'attempts repeated': retried,
    'instances lost': lost,
    'values unreadable': rotation.unreadable,
  }
}

const killDaemon = async (berth: Berth, first: number | null): Promise<number> => {
  let pid = first
  let kills = 0
  let waited = 0
  for (const at of KILL_AFTER_MS) {
    await delay(at - waited)
    waited = at
    if (pid === null) continue
    process.kill(pid, 'SIGKILL')
    kills += 1
    await delay(1_500)
    waited += 1_500
    pid = (await berth<FleetStatus>('status').catch(() => undefined))?.daemon.pid ?? null
  }
  return kills
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode = 1
})
