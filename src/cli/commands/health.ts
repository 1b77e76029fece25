import type { Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { probeService, type ProbeResult } from '../../health/probe.ts'
import type { ServiceHealth } from '../../model/health.ts'
import { loadWantedFleet } from '../../compose/fleet/wanted.ts'
import { findDaemon } from '../daemon-client.ts'
import { green, print, printJson, red, table } from '../output.ts'
import { EXIT } from '../run.ts'

const PROBE_MS = 3_000

type Known = Pick<
  ServiceHealth,
  'state' | 'since' | 'lastCheckAt' | 'consecutiveFailures' | 'uptime'
>
type Row = { service: string; port: number } & Partial<Known> & ProbeResult

export const add = (program: Command): void => {
  program
    .command('health')
    .description('ask every static port now; exit 1 when one does not answer as itself')
    .option('--all', 'list every service with its uptime')
    .option('--json', 'print JSON')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const config = readConfig()
      const { services } = await loadWantedFleet(config)
      const known = await readKnown(config)
      const rows = await Promise.all(
        services.map(async ({ name, port, health }): Promise<Row> => ({
          service: name,
          port,
          ...(await probeService({ ...health, service: name, port }, PROBE_MS)),
          ...known.get(name),
        })), // prettier-ignore
      )
      const failed = rows.flatMap((row) => (row.ok ? [] : [row]))
      if (failed.length > 0) process.exitCode = EXIT.failed
      if (json) return printJson({ services: rows })
      const planned = rows.filter((row) => row.ok && row.planned).length
      const summary = `${rows.length - failed.length} of ${rows.length} services answer (${planned} planned)`
      print(failed.length === 0 ? green(summary) : red(summary))
      if (all) print(table(UPTIME_HEAD, rows.map(uptimeCells)))
      if (all || failed.length === 0) return
      print(table(['SERVICE', 'PORT', 'REASON'], failed.map((row) => [row.service, String(row.port), row.reason]))) // prettier-ignore
    })
}

/** What the daemon has seen so far; nothing without one. */
const readKnown = async (config: Config): Promise<Map<string, Known>> => {
  const daemon = await findDaemon(config)
  const answer = await daemon
    ?.get<{ services: ServiceHealth[] }>('/api/v1/admin/health')
    .catch(() => undefined)
  return new Map(
    answer?.services.map(({ service, state, since, lastCheckAt, consecutiveFailures, uptime }) => [
      service,
      { state, since, lastCheckAt, consecutiveFailures, uptime },
    ]),
  )
}

const UPTIME_HEAD = ['SERVICE', 'PORT', 'STATE', 'MS', '24 H', '7 D', '30 D', 'REASON']
const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : `${value.toFixed(2)} %`

const uptimeCells = (row: Row): string[] => [
  row.service,
  String(row.port),
  row.state ?? (row.ok ? 'healthy' : 'unhealthy'),
  row.ok ? row.responseMs.toFixed(1) : '-',
  percent(row.uptime?.day),
  percent(row.uptime?.week),
  percent(row.uptime?.month),
  row.ok ? (row.concern?.reason ?? '') : row.reason,
]
