import { join } from 'node:path'
import type { Config } from '../base/config.ts'
import { messageOf } from '../base/errors.ts'
import { prepareHome } from '../base/home.ts'
import { acquireLock } from '../base/lock.ts'
import { createLineLog } from '../base/log.ts'
import { GATEWAY_ROLE, requirePostgres } from '../compose/gateway/role.ts'
import { createWorkers, type Workers } from '../services/cluster/workers.ts'
import { gatewayLock, removeGatewayState, writeGatewayState, type GatewayState } from '../compose/gateway/state.ts' // prettier-ignore

/** `maxBytes`: a process with more resident memory is replaced; 0: no limit. */
type Size = { processes: number; maxBytes: number }

/**
 * Runs the gateway role as several processes behind one port, until a signal ends it: SIGINT and SIGTERM stop all, SIGHUP
 * replaces one process after the other.
 *
 * @throws AppError `config_invalid`, `locked`, `file_insecure`
 */
export const runGateway = async (config: Config, { processes, maxBytes }: Size): Promise<void> => {
  requirePostgres(config)
  prepareHome(config.home, config.pm2Home)
  const holder = { role: GATEWAY_ROLE }
  const lock = await acquireLock({ folder: config.home.run, name: gatewayLock(config), holder })
  process.stdout.on('error', () => undefined) // lines that are lost must not end it
  const log = createLineLog(GATEWAY_ROLE, config.logLevel)
  const state = createState(config)
  const workers = createWorkers({
    program: join(config.packageRoot, 'dist', 'gateway-process.js'),
    args: [String(processes)],
    count: processes,
    maxBytes,
    log,
    onChange: (pids) => state.change({ processes: pids }),
    onEnd: (code) => {
      removeGatewayState(config)
      void lock.release().finally(() => process.exit(code))
    },
  })
  const restart = (): void => {
    log.info('rolling restart')
    workers.replace().then(
      () => log.info('rolling restart done'),
      (error: unknown) => {
        log.error('rolling restart failed', { error })
        state.change({ failure: { at: new Date().toISOString(), message: messageOf(error) } })
      },
    )
  }
  takeSignals(workers, restart)
  workers.start()
}

const takeSignals = (workers: Workers, restart: () => void): void => {
  process.on('SIGINT', workers.stop)
  process.on('SIGTERM', workers.stop)
  process.on('SIGHUP', restart)
}

const createState = (config: Config) => {
  let state: GatewayState = { processes: [] }
  const change = (part: Partial<GatewayState>): void => {
    state = { ...state, ...part }
    writeGatewayState(config, state)
  }
  change({})
  return { change }
}
