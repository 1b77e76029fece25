import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { findLockHolder } from '../base/lock.ts'
import { gatewayLock, readGatewayState, type GatewayState } from '../compose/gateway/state.ts'

/** Above what each process may take to start, and its predecessor to end. */
const PER_PROCESS_MS = 50_000
const POLL_MS = 50

/**
 * Lets the gateway of this home and port replace its processes, and waits until all are others.
 *
 * @returns the pids that serve now
 * @throws AppError `daemon_not_running` when no gateway runs, `internal` when a new process did not start
 */
export const restartGateway = async (own: Config): Promise<readonly number[]> => {
  // The one of the ecosystem has a port of its own.
  const config = own.gateways > 0 ? { ...own, port: own.gatewayPort } : own
  const pid = (await findLockHolder(config.home.run, gatewayLock(config)))?.pid
  const before = readGatewayState(config)
  if (!pid || !before) throw notRunning(config)
  process.kill(pid, 'SIGHUP')
  const until = Date.now() + PER_PROCESS_MS * Math.max(1, before.processes.length)
  while (Date.now() < until) {
    await delay(POLL_MS)
    const now = readGatewayState(config)
    if (!now) throw notRunning(config)
    const failure = newFailure(before, now)
    if (failure !== undefined) throw new AppError('internal', failure)
    if (areReplaced(before, now)) return now.processes
  }
  throw new AppError('internal', 'The gateway did not replace all its processes in time.')
}

const newFailure = (before: GatewayState, { failure }: GatewayState): string | undefined =>
  failure && failure.at !== before.failure?.at ? failure.message : undefined

const areReplaced = (before: GatewayState, now: GatewayState): boolean =>
  now.processes.length >= before.processes.length &&
  !now.processes.some((process) => before.processes.includes(process))

const notRunning = ({ port }: Config): AppError =>
  new AppError('daemon_not_running', `No gateway of this home runs on port ${port}. Start it with: berth gateway`) // prettier-ignore
