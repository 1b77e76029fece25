import type { Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { probeService, type ProbeResult } from '../../health/probe.ts'
import { loadWantedFleet } from '../../wanted-fleet.ts'
import { green, print, printJson, red, table } from '../output.ts'
import { EXIT } from '../run.ts'

const PROBE_MS = 3_000

type Row = { service: string; port: number } & ProbeResult

export const add = (program: Command): void => {
  program
    .command('health')
    .description('ask every static port now; exit 1 when one does not answer as itself')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { services } = await loadWantedFleet(readConfig())
      const rows = await Promise.all(
        services.map(async ({ name, port }): Promise<Row> => ({
          service: name,
          port,
          ...(await probeService({ service: name, port }, PROBE_MS)),
        })), // prettier-ignore
      )
      const failed = rows.flatMap((row) => (row.ok ? [] : [row]))
      if (failed.length > 0) process.exitCode = EXIT.failed
      if (json) return printJson({ services: rows })
      const planned = rows.filter((row) => row.ok && row.planned).length
      const summary = `${rows.length - failed.length} of ${rows.length} services answer (${planned} planned)`
      print(failed.length === 0 ? green(summary) : red(summary))
      if (failed.length === 0) return
      print(table(['SERVICE', 'PORT', 'REASON'], failed.map((row) => [row.service, String(row.port), row.reason]))) // prettier-ignore
    })
}
