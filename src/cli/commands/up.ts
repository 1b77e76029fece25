import { setTimeout as delay } from 'node:timers/promises'
import type { Command } from 'commander'
import { environmentOf, readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { prepareHome } from '../../base/home.ts'
import { findLockHolder, withLock } from '../../base/lock.ts'
import { DAEMON_LOCK } from '../../daemon.ts'
import { changedSettings, fingerprintIn } from '../../fleet/fingerprint.ts'
import type { Changes, FleetStatus, ServiceStatus } from '../../model/fleet.ts'
import { launchPm2 } from '../../processes/launch.ts'
import { createPm2, type RunningProcess } from '../../processes/pm2.ts'
import { clearStartFailure, readStartFailure } from '../../start-failure.ts'
import { DAEMON_NAME, loadWantedFleet, type WantedFleet } from '../../wanted-fleet.ts'
import { countChanges, noteLeftOut } from '../changes.ts'
import type { Client } from '../client.ts'
import { findDaemon } from '../daemon-client.ts'
import { bold, green, print, printJson, yellow } from '../output.ts'
import { prepareFiles } from '../prepare.ts'
import { createProgress } from '../progress.ts'
import { isUp } from '../states.ts'

const DEADLINE_MS = 90_000
const POLL_MS = 100

export const add = (program: Command): void => {
  program
    .command('up')
    .description('start the fleet and wait until every service answers; again: changes nothing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const startedAt = performance.now()
      const config = readConfig()
      const fleet = await loadWantedFleet(config)
      noteLeftOut(fleet)
      const wasRunning = !(await startDaemon(config, fleet))
      // A daemon that ran already may not know of what changed since.
      const changed = wasRunning ? await applyChanges(config) : 0
      const status = await waitUntilUp(config, fleet.services.length)
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

/** A service that is kept out of service, by the operator or for its crashes, is not waited for. */
const isDone = (service: ServiceStatus): boolean =>
  isUp(service) || service.state === 'stopped' || service.state === 'quarantined'

/** @throws AppError the daemon's own reason when it cannot start; `fleet_incomplete` naming who did not answer */
const waitUntilUp = async (config: Config, total: number): Promise<FleetStatus> => {
  const progress = createProgress('Starting services', total)
  const until = Date.now() + DEADLINE_MS
  let client: Client | undefined
  let status: FleetStatus | undefined
  try {
    while (Date.now() < until) {
      const failure = readStartFailure(config.home)
      if (failure) throw failure
      client ??= await findDaemon(config)
      status = await client?.get<FleetStatus>('/api/v1/admin/fleet').catch(() => undefined)
      const up = status?.services.filter(isDone).length ?? 0
      progress.update(up)
      if (status && up === status.services.length) return status
      await delay(POLL_MS)
    }
  } finally {
    progress.end()
  }
  throw incomplete(config, status)
}

const incomplete = (config: Config, status: FleetStatus | undefined): AppError => {
  if (!status)
    return new AppError(
      'fleet_incomplete',
      `The daemon did not answer within ${DEADLINE_MS / 1000} s. Its log: ${config.home.logs}/main-api.log`,
    )
  const missing = status.services
    .filter((service) => !isDone(service))
    .map(({ service, port }) => `${service}:${port}`)
  const some =
    missing.slice(0, 10).join(', ') +
    (missing.length > 10 ? ` and ${missing.length - 10} more` : '')
  return new AppError(
    'fleet_incomplete',
    `${missing.length} services did not answer: ${some}. The hosts' logs are in ${config.home.logs}.`,
  )
}

const printSummary = (
  status: FleetStatus,
  { wasRunning, changed, seconds }: { wasRunning: boolean; changed: number; seconds: number },
): void => {
  const count = (state: string) =>
    status.services.filter((service) => service.state === state).length
  const ports = status.services.map(({ port }) => port)
  const what = changed === 0 ? 'nothing was changed' : `${countChanges(changed)} applied`
  const how = wasRunning ? `ran already; ${what}` : `started in ${seconds.toFixed(1)} s`
  print(
    `${green('Up:')} ${bold(`${status.services.length} services`)} (${count('healthy')} healthy, ${count('planned')} planned) ${how}.`,
  )
  print(
    `  daemon    ${status.daemon.url} (pid ${status.daemon.pid ?? '?'}, ${status.daemon.database} database)`,
  )
  print(
    `  hosts     ${status.hosts.length} processes on 127.0.0.1, ports ${Math.min(...ports)}-${Math.max(...ports)}`,
  )
  const out = count('stopped') + count('quarantined')
  if (out > 0)
    print(yellow(`  out       ${out} services are stopped or quarantined; see berth status`))
  if (status.daemon.sandbox !== null)
    print(
      yellow(
        `  SANDBOX   every outside call goes to ${status.daemon.sandbox}, not to the real APIs`,
      ),
    )
  print('')
  print('Try next:')
  print('  npx berth demo      a user, a key, a tool call through an own URL, step by step')
  print('  npx berth status    what runs')
  print('  npx berth down      stop it all')
}
