import type { Command } from 'commander'
import { environmentOf, readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { prepareHome } from '../../base/home.ts'
import { findLockHolder, withLock } from '../../base/lock.ts'
import { DAEMON_LOCK } from '../../compose/fleet/wanted.ts'
import { changedSettings, fingerprintIn } from '../../fleet/fingerprint.ts'
import type { Changes } from '../../model/fleet.ts'
import { launchPm2 } from '../../processes/launch.ts'
import { createPm2, type RunningProcess } from '../../processes/pm2.ts'
import { clearStartFailure } from '../../compose/fleet/start-failure.ts'
import { DAEMON_NAME, loadWantedFleet, type WantedFleet } from '../../compose/fleet/wanted.ts'
import { noteTroubles } from '../changes.ts'
import { findDaemon } from '../daemon-client.ts'
import { printJson } from '../output.ts'
import { prepareFiles } from '../prepare.ts'
import { printSummary } from '../up-summary.ts'
import { waitUntilUp } from '../wait-until-up.ts'

/** Another `up` may be under way. */
const DEADLINE_MS = 90_000

export const add = (program: Command): void => {
  program
    .command('up')
    .description(
      'start the fleet and wait until every service answers; again: applies what changed',
    )
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const startedAt = performance.now()
      const config = readConfig()
      const fleet = await loadWantedFleet(config)
      noteTroubles({ leftOut: fleet.leftOut })
      const wasRunning = !(await startDaemon(config, fleet))
      // A daemon that ran already may not know of what changed since.
      const changed = wasRunning ? await applyChanges(config) : 0
      const status = await waitUntilUp(config, fleet.services)
      if (json) return printJson(status)
      printSummary(status, { wasRunning, changed, seconds: (performance.now() - startedAt) / 1000 })
    })
}

/** @returns false when the right daemon ran already */
const startDaemon = async (config: Config, fleet: WantedFleet): Promise<boolean> => {
  await refuseOtherPm2(config)
  prepareHome(config.home, config.pm2Home)
  // Two at once would both find no daemon and start two.
  const request = { folder: config.home.run, name: 'up', holder: { role: 'berth up' } }
  return withLock({ ...request, deadlineMs: DEADLINE_MS }, () => startUnlessRight(config, fleet))
}

const startUnlessRight = async (config: Config, fleet: WantedFleet): Promise<boolean> => {
  const isOtherDatabase = prepareFiles(config)
  const pm2 = createPm2(config.pm2Home)
  await launchPm2({
    pm2,
    pm2Home: config.pm2Home,
    lockFolder: config.home.run,
    env: environmentOf(config),
  })
  const running = (await pm2.list()).filter((process) => process.name === DAEMON_NAME)
  const [wanted] = fleet.apps
  // One that has failed and does not serve would go on failing with what it has read; it is started anew.
  const serves = (await findDaemon(config)) !== undefined
  const isSound = (one: RunningProcess) =>
    one.pid !== undefined &&
    (serves || one.restarts === 0) &&
    !isOtherDatabase &&
    changedSettings(fingerprintIn(one.env), fingerprintIn(wanted?.env ?? {})).length === 0
  const sound = running.find(isSound)
  for (const one of running) if (one !== sound) await pm2.remove(one.pmId)
  // What an earlier daemon left, or one that was refused beside the running one, says nothing of this start.
  clearStartFailure(config.home)
  if (sound || !wanted) return false
  await pm2.start(wanted)
  return true
}

/** Two PM2s on one fleet would start everything twice. */
const refuseOtherPm2 = async ({ home, pm2Home }: Config): Promise<void> => {
  const holder = await findLockHolder(home.run, DAEMON_LOCK)
  if (holder?.pm2Home === undefined || holder.pm2Home === pm2Home) return
  throw new AppError(
    'locked',
    `This fleet runs under the PM2 home ${holder.pm2Home} (${holder.role}, pid ${holder.pid}). End it first: PM2_HOME=${holder.pm2Home} berth down`,
  )
}

const applyChanges = async (config: Config): Promise<number> => {
  const daemon = await findDaemon(config)
  const applied = await daemon?.post<Changes>('/api/v1/admin/apply', {})
  return applied?.changes.length ?? 0
}
