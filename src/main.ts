import { readConfig } from './base/config.ts'
import { createDaemonLog } from './base/daemon-log.ts'
import { messageOf } from './base/errors.ts'
import { createDaemon } from './daemon.ts'
import { EXIT_DO_NOT_RESTART } from './fleet/ecosystem.ts'
import { isLasting, writeStartFailure } from './compose/fleet/start-failure.ts'
import { startSuccessor } from './compose/fleet/successor.ts'

/** The daemon `main-api`: read the settings, compose, start, wait for a signal, stop. */
const main = async (): Promise<void> => {
  // A killed PM2 leaves a closed pipe behind; a line that is lost must not end the daemon.
  process.stdout.on('error', () => undefined)
  const config = readConfig()
  const log = createDaemonLog('main-api', config)
  let stopping: Promise<void> | undefined
  const stopThen = (next: () => Promise<void>): void => {
    stopping ??= daemon.stop().then(next).finally(() => process.exit(0)) // prettier-ignore
  }
  const daemon = createDaemon({
    config,
    log,
    isManaged: process.env['pm_id'] !== undefined, // PM2 gives it to what it runs
    onOrphaned: () => stopThen(() => startSuccessor(config, log)),
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopThen(() => Promise.resolve()))
  try {
    await daemon.start()
    log.info('daemon ready', { url: config.baseUrl })
  } catch (error) {
    log.error('daemon could not start', { error })
    writeStartFailure(config.home, error)
    process.exit(isLasting(error) ? EXIT_DO_NOT_RESTART : 1)
  }
}

main().catch((error: unknown) => {
  console.error(messageOf(error))
  process.exit(EXIT_DO_NOT_RESTART)
})
