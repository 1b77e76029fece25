import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endOwn, killOwnNow } from './own-processes.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')

/** Where one run of the benchmark has everything. */
export type Workspace = {
  /** The shipped configs, as they were when the run began. */
  registry: string
  /** A copy of the built package. */
  packageRoot: string
  /** The environment of every process that is started, whole; a way adds only what its programs cannot run without. */
  env: Readonly<Record<string, string>>
  /** A new empty folder (0700) below the workspace. */
  makeFolder: (name: string) => string
  /** Ends every process of this run; the next way shall find the machine as this one did. */
  endProcesses: () => Promise<void>
  /** Ends what is left, and removes the folder. */
  remove: () => Promise<void>
}

/**
 * Makes the folder of a run. Its path is also the `HOME` of everything that is started in it: PM2 and Berth hand `HOME`
 * on, so whatever carries this one was started by this run, and nothing else can.
 *
 * @throws Error when the package is not built
 */
export const createWorkspace = (): Workspace => {
  if (!existsSync(join(REPOSITORY, 'dist/cli/main.js')))
    throw new Error('dist/ is missing; build it first: npm run build')
  // Short: a unix socket of PM2 in it may have 107 bytes of path.
  const root = mkdtempSync(join(tmpdir(), 'bf-'))
  // If all else fails, when nothing asynchronous can be done any more.
  process.once('exit', () => killOwnNow(root))
  const packageRoot = copyPackage(root)
  return {
    registry: join(packageRoot, 'registry'),
    packageRoot,
    env: {
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      HOME: root,
      LANG: process.env['LANG'] ?? 'C.UTF-8',
    },
    makeFolder: (name) => {
      const folder = join(root, name)
      mkdirSync(folder, { mode: 0o700 })
      return folder
    },
    endProcesses: () => endOwn(root),
    remove: async () => {
      await endOwn(root)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** A run takes minutes; a rebuild meanwhile would take files from under the fleet, which loads some of them late. */
const copyPackage = (root: string): string => {
  const packageRoot = join(root, 'package')
  for (const name of ['dist', 'db', 'registry', 'ecosystem.template.js', 'package.json'])
    cpSync(join(REPOSITORY, name), join(packageRoot, name), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(packageRoot, 'node_modules'))
  return packageRoot
}
