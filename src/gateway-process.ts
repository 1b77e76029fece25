import { readConfig } from './base/config.ts'
import { createDaemonLog } from './base/daemon-log.ts'
import { createGatewayRole, GATEWAY_ROLE } from './compose/gateway/role.ts'

/** One process of `berth gateway`: `gateway-process.js PROCESSES`. It serves until a signal comes, or its parent ends. */
const main = async (): Promise<void> => {
  // A closed pipe costs lines, not requests.
  process.stdout.on('error', () => undefined)
  const config = readConfig()
  const log = createDaemonLog(GATEWAY_ROLE, config)
  const role = createGatewayRole({ config, processes: Number(process.argv[2] ?? 1), log })
  let stopping: Promise<void> | undefined
  const stop = (): void => {
    stopping ??= role.stop().finally(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGHUP', () => undefined) // to a terminal's whole group, but meant for the parent
  try {
    await role.start()
    log.info('gateway ready', { url: config.baseUrl })
  } catch (error) {
    log.error('gateway could not start', { error })
    process.exit(1)
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
