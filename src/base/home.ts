import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AppError, messageOf, systemCodeOf } from './errors.ts'

/** Where everything under `BERTH_HOME` lies. */
export type Home = {
  readonly root: string
  /** The embedded database. */
  readonly pg: string
  /** Locks, the registry that hosts read, the running fleet's address. */
  readonly run: string
  readonly logs: string
  /** Seals what the gateway hands to hosts; 0600. */
  readonly hostKeyFile: string
  /** `serviceRegistry.json` as the hosts read it. */
  readonly registryFile: string
  /** How services are that do not serve, for processes beside the daemon. */
  readonly statesFile: string
  /** A `DATABASE_URL` that came by environment goes on to other processes through this file; 0600. */
  readonly databaseUrlFile: string
  /** The ends of audit logs as this home has seen them. */
  readonly auditEndFile: string
}

export const homeAt = (root: string): Home => ({
  root,
  pg: join(root, 'pg'),
  run: join(root, 'run'),
  logs: join(root, 'logs'),
  hostKeyFile: join(root, 'host.key'),
  registryFile: join(root, 'run', 'serviceRegistry.json'),
  statesFile: join(root, 'run', 'states.json'),
  databaseUrlFile: join(root, 'database.url'),
  auditEndFile: join(root, 'audit.end'),
})

/**
 * Makes the home's folders, 0700.
 * @throws AppError `file_insecure` when the home exists and others may enter it; `config_invalid` when it cannot be made
 */
export const prepareHome = (home: Home, pm2Home: string): void => {
  for (const folder of [home.root, home.run, home.logs, pm2Home]) {
    const isNew = makeFolder(folder)
    const mode = statSync(folder).mode & 0o777
    if ((mode & 0o077) === 0) continue
    if (isNew) chmodSync(folder, 0o700)
    else
      throw new AppError(
        'file_insecure',
        `${folder} has mode ${mode.toString(8)}, others can enter it. Run: chmod 700 ${folder}`,
      )
  }
}

/**
 * Makes a folder and those above it. One by one: mkdir's own `recursive` never comes back where a file system takes no
 * folders, /proc for one.
 *
 * @returns whether it is new
 */
const makeFolder = (folder: string): boolean => {
  if (existsSync(folder)) return false
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
    return true
  } catch (cause) {
    if (systemCodeOf(cause) === 'EEXIST') return false // another process was faster
    throw new AppError(
      'config_invalid',
      `Cannot make the folder ${folder}: ${messageOf(cause)}. Set BERTH_HOME (or PM2_HOME) to a place that you can write to.`,
      { cause },
    )
  }
}
