import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson, table } from '../output.ts'
import { showLive, takeSnapshot } from '../top/live.ts'
import { select, START } from '../top/selection.ts'

const parseSeconds = (text: string): number => {
  const seconds = Number(text)
  if (seconds >= 0.5 && seconds <= 60) return seconds
  throw new InvalidArgumentError('Give seconds from 0.5 to 60.')
}

export const add = (program: Command): void => {
  program
    .command('top')
    .description('the fleet live: services, states, requests, latency, errors, memory, restarts')
    .option('--interval <seconds>', 'how often it is looked at', parseSeconds, 2)
    .option('--json', 'print JSON once')
    .action(async ({ interval, json }: { interval: number; json?: boolean }) => {
      const daemon = await requireDaemon(readConfig())
      const isLive = !json && process.stdout.isTTY && process.stdin.isTTY
      if (isLive) await showLive(daemon, interval * 1000)
      else printOnce(await takeSnapshot(daemon), json ?? false)
    })
}

const printOnce = (
  { status, rows, at }: Awaited<ReturnType<typeof takeSnapshot>>,
  json: boolean,
) => {
  if (json) {
    printJson({ at: at.toISOString(), services: rows, hosts: status.hosts })
    return
  }
  const cells = select(rows, START).map((row) => [
    row.service,
    row.state,
    row.requestsPerSecond.toFixed(1),
    row.p95Ms === null ? '-' : `${Math.round(row.p95Ms)} ms`,
    row.errorsPerSecond.toFixed(1),
    `${Math.round(row.memoryBytes / 1024 / 1024)} MB`,
    String(row.restarts),
    row.host,
  ])
  print(table(['SERVICE', 'STATE', 'REQ/S', 'P95', 'ERR/S', 'MEMORY', 'RESTARTS', 'HOST'], cells))
}
