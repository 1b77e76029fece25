import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { commandOf, endProcesses, findProcessesWith, waitUntilGone } from '../../base/proc.ts'
import { createPm2, type Pm2 } from '../../processes/pm2.ts'
import { findFleetPrograms } from '../../compose/fleet/programs.ts'
import { GATEWAY_APP } from '../../model/fleet.ts'
import { DAEMON_NAME } from '../../compose/fleet/wanted.ts'
import { print, printJson } from '../output.ts'

const END_MS = 6_000
/** For a PM2 that does not answer; being asked to end helps it as little. */
const DEAF_END_MS = 1_000

export const add = (program: Command): void => {
  program
    .command('down')
    .description('stop the fleet: no process, socket or port is left')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const stopped = await stopFleet(readConfig())
      if (json) printJson({ stopped })
      else
        print(
          stopped === 0 ? 'Nothing was running.' : `Stopped ${stopped} processes; nothing is left.`,
        )
    })
}

/** More than one round: a daemon that has just lost its PM2 may be launching another. */
const ROUNDS = 5

const stopFleet = async (config: Config): Promise<number> => {
  let stopped = 0
  for (let round = 0; round < ROUNDS; round++) {
    const ended = await stopWhatRuns(config)
    if (ended === 0) break
    stopped += ended
  }
  removeControlSockets(config)
  return stopped
}

const stopWhatRuns = async (config: Config): Promise<number> => {
  const pm2 = createPm2(config.pm2Home)
  const managed = (await pm2.isAlive())
    ? await stopUnderPm2(config, pm2)
    : await endDeafPm2(config.pm2Home)
  // What PM2 does not know (it was killed, say) still carries the home in its environment.
  const orphans = findFleetPrograms(config)
  await endProcesses(orphans, END_MS)
  return managed + orphans.length
}

/** What killed hosts leave behind. */
const removeControlSockets = ({ home }: Config): void => {
  for (const name of existsSync(home.run) ? readdirSync(home.run) : [])
    if (name.endsWith('.sock')) rmSync(join(home.run, name), { force: true })
}

const isOurs = (name: string): boolean =>
  [DAEMON_NAME, GATEWAY_APP].includes(name) || name.startsWith('mcp-')

/** The daemon first: it would start again what is missing. An operator's own apps in this PM2 stay, and PM2 with them. */
const stopUnderPm2 = async ({ home, pm2Home }: Config, pm2: Pm2): Promise<number> => {
  const all = await pm2.list()
  const ours = all.filter(({ name, env }) => isOurs(name) && env['BERTH_HOME'] === home.root)
  const daemons = ours.filter((process) => process.name === DAEMON_NAME)
  const hosts = ours.filter((process) => process.name !== DAEMON_NAME)
  for (const group of [daemons, hosts])
    await Promise.all(group.map((process) => pm2.remove(process.pmId)))
  if (ours.length < all.length) return ours.length
  const pm2Pid = readPid(join(pm2Home, 'pm2.pid'))
  await pm2.end()
  if (pm2Pid !== undefined) await endProcesses(await waitUntilGone([pm2Pid], END_MS), END_MS)
  removeSockets(pm2Home)
  return ours.length
}

/** Ends a PM2 that runs and does not answer: it would start again what ends. @returns how many there were */
const endDeafPm2 = async (pm2Home: string): Promise<number> => {
  // By its title, or by its program as long as it has not set that.
  const isPm2 = (pid: number) => /^PM2 v\S+ God|\/pm2\/lib\/Daemon\.js/.test(commandOf(pid))
  const deaf = findProcessesWith('PM2_HOME', pm2Home).filter(isPm2)
  await endProcesses(deaf, DEAF_END_MS)
  removeSockets(pm2Home)
  return deaf.length
}

const removeSockets = (pm2Home: string): void => {
  for (const name of ['rpc.sock', 'pub.sock', 'pm2.pid'])
    rmSync(join(pm2Home, name), { force: true })
}

const readPid = (file: string): number | undefined => {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
