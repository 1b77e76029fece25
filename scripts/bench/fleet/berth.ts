import { join } from 'node:path'
import { runNode } from './command.ts'
import { createDatabase } from './database.ts'
import type { Job, Prepared, Way } from './way.ts'

const PACKED_MS = 120_000
const DEDICATED_MS = 240_000
const COMMAND_MS = 60_000

/** `berth up` with nothing there before: no PM2, an empty database, no keys. */
export const packed: Way = {
  name: 'packed',
  title: 'berth up: all services in one host process per core',
  deadlineMs: PACKED_MS,
  prepare: (job) => prepareBerth(job, { deadlineMs: PACKED_MS, env: {} }),
}

export const dedicated: Way = {
  name: 'dedicated',
  title: 'berth up with BERTH_ISOLATION=dedicated',
  deadlineMs: DEDICATED_MS,
  prepare: (job) =>
    prepareBerth(job, { deadlineMs: DEDICATED_MS, env: { BERTH_ISOLATION: 'dedicated' } }),
}

type Settings = { deadlineMs: number; env: Readonly<Record<string, string>> }

const prepareBerth = async (job: Job, settings: Settings): Promise<Prepared> => {
  const database = await createDatabase()
  const env = {
    ...job.workspace.env,
    BERTH_HOME: join(job.folder, 'home'),
    BERTH_REGISTRY_DIR: job.fleet.registryDir,
    PORT: String(job.fleet.daemonPort),
    DATABASE_URL: database.url,
    ...settings.env,
  }
  return {
    env,
    launch: async () => {
      await runNode({
        args: [commandOf(job), 'up', '--json'],
        env,
        deadlineMs: settings.deadlineMs,
        signal: job.signal,
        // The command has a deadline of its own, after which the services go on starting.
        forgive: (stdout) => stdout.includes('"fleet_incomplete"'),
      })
    },
    release: database.drop,
  }
}

const commandOf = ({ workspace }: Job): string => join(workspace.packageRoot, 'dist/cli/main.js')

/**
 * Runs a verb that only reads, on a fleet that is up.
 * @returns what it printed
 */
export const askBerth = (job: Job, env: Prepared['env'], verb: string): Promise<string> =>
  runNode({
    args: [commandOf(job), verb],
    env,
    deadlineMs: COMMAND_MS,
    signal: job.signal,
  })
