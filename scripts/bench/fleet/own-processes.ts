import { commandOf, endProcesses, findProcessesWith } from '../../../src/base/proc.ts'

/** `pm2`: PM2's own daemon. `daemon`: main-api. `host`: whatever serves services. */
export type OwnProcess = { pid: number; role: 'pm2' | 'daemon' | 'host' }

const ROUND_MS = 8_000
const END_MS = 40_000

/** The processes that carry `HOME=<home>`: those that this run started, directly or through PM2. */
export const findOwn = (home: string): OwnProcess[] =>
  findProcessesWith('HOME', home).map((pid) => ({ pid, role: roleOf(commandOf(pid)) }))

const roleOf = (command: string): OwnProcess['role'] => {
  if (/God Daemon|pm2\/lib\/Daemon\.js/.test(command)) return 'pm2'
  return command.endsWith('/dist/main.js') ? 'daemon' : 'host'
}

/**
 * Ends the processes of a run, by their pids. PM2 first and at once: it would start again what ends before it does. In
 * rounds, since a process that is just being started may not be seen in the first.
 *
 * @throws Error naming what cannot be ended
 */
export const endOwn = async (home: string): Promise<void> => {
  const until = Date.now() + END_MS
  for (let own = findOwn(home); own.length > 0; own = findOwn(home)) {
    if (Date.now() > until)
      throw new Error(`cannot end: ${own.map(({ pid }) => `${pid} ${commandOf(pid)}`).join('; ')}`)
    kill(own.filter(({ role }) => role === 'pm2'))
    await endProcesses(
      own.map(({ pid }) => pid),
      ROUND_MS,
    )
  }
}

/** The same without waiting, for the last moment of this process. */
export const killOwnNow = (home: string): void => {
  const own = findOwn(home)
  kill(own.filter(({ role }) => role === 'pm2'))
  kill(own)
}

const kill = (own: readonly OwnProcess[]): void => {
  for (const { pid } of own)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it ended by itself
    }
}
