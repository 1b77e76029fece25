import { createLineLog, type Log } from '../../base/log.ts'
import { recordCrashes, workedFor } from './crash-record.ts'
import { readHostEnvironment, type HostEnvironment } from './environment.ts'
import { createHost } from './host.ts'

/** The program of a host: serves its services until a signal comes. */
const main = async (): Promise<void> => {
  // A killed PM2 leaves a closed pipe behind; a line that is lost must not end the services.
  process.stdout.on('error', () => undefined)
  const environment = readHostEnvironment(process.env)
  const log = createLineLog('host', environment.logLevel, workedFor)
  recordCrashes(environment.crashFile, log)
  const tracing = await openTracing(environment, log)
  const host = createHost({ environment, log, resumeTrace: tracing?.resume })
  const stop = (): void => {
    void host
      .stop()
      .then(() => tracing?.runnable.stop())
      .then(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  await host.start()
}

/** Loaded when it is wanted: most hosts start without. */
const openTracing = async ({ otlp }: HostEnvironment, log: Log) => {
  if (!otlp) return undefined
  const { createTracing } = await import('../../tracing/tracing.ts')
  const processName = process.env['name'] ?? 'mcp-host' // PM2 gives it to what it runs
  return createTracing({
    otlp,
    ratio: 0,
    processName,
    version: undefined,
    log: log.child('tracing'),
  })
}

main().catch((error: unknown) => {
  createLineLog('host').error('host could not start', { error })
  process.exitCode = 1
})
