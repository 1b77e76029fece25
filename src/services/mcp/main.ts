import { createLineLog } from '../../base/log.ts'
import { recordCrashes, workedFor } from './crash-record.ts'
import { readHostEnvironment } from './environment.ts'
import { createHost } from './host.ts'

/** The program of a host: serves its services until a signal comes. */
const main = async (): Promise<void> => {
  // A killed PM2 leaves a closed pipe behind; a line that is lost must not end the services.
  process.stdout.on('error', () => undefined)
  const environment = readHostEnvironment(process.env)
  const log = createLineLog('host', environment.logLevel, workedFor)
  recordCrashes(environment.crashFile, log)
  const host = createHost({ environment, log })
  const stop = (): void => {
    void host.stop().then(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  await host.start()
}

main().catch((error: unknown) => {
  createLineLog('host').error('host could not start', { error })
  process.exitCode = 1
})
