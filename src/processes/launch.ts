import { spawn } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AppError } from '../base/errors.ts'
import { withLock } from '../base/lock.ts'
import type { Pm2 } from './pm2.ts'

const LAUNCH_DEADLINE_MS = 15_000
/** unix(7): a socket's address holds 108 bytes, the last of them zero. */
const MAX_SOCKET_PATH_BYTES = 107

export type LaunchOptions = {
  pm2: Pm2
  pm2Home: string
  /** Folder for the launch lock. */
  lockFolder: string
  /** Only these variables reach PM2's daemon. */
  env: Readonly<Record<string, string>>
}

const require = createRequire(import.meta.url)
const pm2File = (path: string): string => join(dirname(require.resolve('pm2/package.json')), path)

/** The program of the `pm2` command. */
export const pm2Command = (): string => pm2File('bin/pm2')

/**
 * Makes sure that PM2's daemon runs in this home. Under a lock: several clients that find none at once would start
 * several daemons.
 *
 * @returns whether it had to be started
 * @throws AppError `pm2_unreachable` when it does not come up, `config_invalid` when its sockets cannot have this home
 */
export const launchPm2 = async (options: LaunchOptions): Promise<boolean> => {
  const tooLong = Buffer.byteLength(join(options.pm2Home, 'rpc.sock')) - MAX_SOCKET_PATH_BYTES
  if (tooLong > 0)
    throw new AppError(
      'config_invalid',
      `PM2_HOME: ${options.pm2Home} is ${tooLong} bytes too long for PM2's sockets. Set PM2_HOME to a shorter path.`,
    )
  if (await options.pm2.isAlive()) return false
  const request = {
    folder: options.lockFolder,
    name: 'pm2-launch',
    holder: { role: 'a command that launches PM2' },
    deadlineMs: LAUNCH_DEADLINE_MS,
  }
  return withLock(request, async () => {
    if (await options.pm2.isAlive()) return false
    await spawnDaemon(options)
    return true
  })
}

const spawnDaemon = async ({ pm2Home, env }: LaunchOptions): Promise<void> => {
  for (const folder of ['', 'logs', 'pids'])
    mkdirSync(join(pm2Home, folder), { recursive: true, mode: 0o700 })
  writeFileSync(join(pm2Home, 'touch'), '') // tells PM2's command that its greeting was shown
  const log = openSync(join(pm2Home, 'pm2.log'), 'a', 0o600)
  const child = spawn(process.execPath, [pm2File('lib/Daemon.js')], {
    detached: true,
    cwd: pm2Home,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...env, PM2_HOME: pm2Home, PM2_DISABLE_VERSION_CHECK: '1', PM2_DISCRETE_MODE: 'true' },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(
          new AppError(
            'pm2_unreachable',
            `PM2 did not start: ${why}. See ${join(pm2Home, 'pm2.log')}.`,
          ),
        )
      timer = setTimeout(() => fail('no answer in time'), LAUNCH_DEADLINE_MS)
      child.once('message', () => resolve())
      child.once('error', (error) => fail(error.message))
      child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `code ${code ?? '?'}`}`))
    })
  } catch (error) {
    child.kill('SIGKILL') // one that came up too late would be nobody's
    throw error
  } finally {
    clearTimeout(timer)
    child.removeAllListeners()
    if (child.connected) child.disconnect()
    child.unref()
  }
}
