import type { Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { statusWithoutDaemon } from '../../compose/fleet/status.ts'
import type { FleetStatus, GatewayStatus, ServiceStatus } from '../../model/fleet.ts'
import { loadWantedFleet, packageVersion } from '../../compose/fleet/wanted.ts'
import { describeLeftOut } from '../changes.ts'
import { askServices } from '../ask-services.ts'
import { findDaemon } from '../daemon-client.ts'
import { bold, green, print, printJson, red, table, yellow } from '../output.ts'
import { isUp } from '../states.ts'

export const add = (program: Command): void => {
  program
    .command('status')
    .description('what runs, and how it is')
    .option('--all', 'list every service, not only those that need a look')
    .option('--json', 'print JSON')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const status = await readStatus(readConfig())
      if (json) printJson(status)
      else printStatus(status, all ?? false)
    })
}

const readStatus = async (config: Config): Promise<FleetStatus> => {
  const daemon = await findDaemon(config)
  const running = await daemon?.get<FleetStatus>('/api/v1/admin/fleet').catch(unlessStarting)
  if (running) return running
  const fleet = await loadWantedFleet(config)
  const answers = await askServices(config.home.root, fleet.services)
  return statusWithoutDaemon(config, fleet, { version: packageVersion(config), answers })
}

/** A daemon that holds its lock, but does not answer, can tell nothing. */
const unlessStarting = (error: unknown): undefined => {
  if (error instanceof AppError && error.code === 'daemon_not_running') return undefined
  throw error
}

const printStatus = (status: FleetStatus, all: boolean): void => {
  const { services, hosts, gateway } = status
  printDaemon(status)
  if (gateway) print(describeGateway(gateway))
  const { sandbox } = status.daemon
  if (sandbox !== null)
    print(yellow(`SANDBOX: every outside call goes to ${sandbox}, not to the real APIs`))
  print(`${bold(String(services.length))} services: ${countStates(services)}`)
  for (const one of status.leftOut) print(`${red('Config left out:')} ${describeLeftOut(one)}`)
  print()
  print(
    table(
      ['HOST', 'STATE', 'PID', 'SERVICES', 'MEMORY', 'RESTARTS'],
      hosts.map((host) => [
        host.name, host.state, String(host.pid ?? '-'), String(host.services), megabytes(host.memoryBytes), String(host.restarts),
      ]), // prettier-ignore
    ),
  )
  const shown = all
    ? services
    : services.filter((service) => !isUp(service) && service.state !== 'stopped')
  if (shown.length > 0) printServices(shown)
}

const printDaemon = ({ daemon, hosts }: FleetStatus): void => {
  const isServing = hosts.some(({ pid }) => pid !== null)
  if (daemon.state === 'stopped' && isServing)
    print(`${red('The daemon does not answer')}; what answers without it stands here. PM2 brings it back; if not: berth up`) // prettier-ignore
  else if (daemon.state === 'stopped') print(`${red('Stopped.')} Start the fleet with: berth up`)
  else
    print(
      `${green('Running:')} ${daemon.url} (pid ${daemon.pid ?? '?'}, ${daemon.database} database, since ${daemon.since ?? '?'})`,
    )
}

const printServices = (shown: readonly ServiceStatus[]): void => {
  print()
  const rows = shown.map((row) => [
    row.service,
    String(row.port),
    row.state,
    row.host,
    row.since,
    String(row.restarts),
    row.reason === undefined ? '' : `${row.cause ?? ''}: ${row.reason}`,
  ])
  print(table(['SERVICE', 'PORT', 'STATE', 'HOST', 'SINCE', 'RESTARTS', 'WHY'], rows))
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`

const describeGateway = (gateway: GatewayStatus): string => {
  const { state, port, processes, wanted, memoryBytes, restarts } = gateway
  const figures = `${processes.length} of ${wanted} processes on port ${port}, ${megabytes(memoryBytes)}, ${restarts} restarts`
  return `${bold('Gateway:')} ${state === 'running' ? green(state) : red(state)}, ${figures}`
}

const countStates = (services: readonly ServiceStatus[]): string =>
  [...new Set(services.map(({ state }) => state))]
    .map((state) => `${services.filter((service) => service.state === state).length} ${state}`)
    .join(', ')
