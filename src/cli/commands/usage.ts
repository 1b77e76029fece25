import { InvalidArgumentError, Option, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import type { IdleInstance, UsageSum } from '../../model/usage.ts'
import { requireDaemon } from '../daemon-client.ts'
import { print, printJson, table } from '../output.ts'

const DAY_MS = 86_400_000
const PATH = '/api/v1/admin/usage'

const parseDays = (text: string): number => {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= 3_650) return days
  throw new InvalidArgumentError('Give a number of days.')
}

type Options = {
  user?: string
  service?: string
  days: number
  by: string
  per?: string
  json?: boolean
  csv?: boolean
}

export const add = (program: Command): void => {
  const usage = program
    .command('usage')
    .description('what went through the gateways, the most used first')
    .option('--user <email>', 'of one user')
    .option('--service <name>', 'of one service')
    .option('--days <count>', 'of the last days', parseDays, 1)
    .addOption(
      new Option('--by <what>', 'summed by')
        .choices(['service', 'user', 'instance', 'tool'])
        .default('service'),
    ) // prettier-ignore
    .addOption(new Option('--per <time>', 'and by time').choices(['hour', 'day']))
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .action(showUsage)
  usage
    .command('idle')
    .description('instances that nobody uses, the longest idle first')
    .option('--days <count>', 'not used for so many days', parseDays, 30)
    .option('--json', 'print JSON')
    .action(async (_given, command: Command) => {
      // The option stands before or behind the word.
      const { days, json } = command.optsWithGlobals<{ days: number; json?: boolean }>()
      const daemon = await requireDaemon(readConfig())
      const { instances } = await daemon.get<{ instances: IdleInstance[] }>(`${PATH}/idle?days=${days}`) // prettier-ignore
      if (json) printJson({ instances })
      else print(table(['INSTANCE', 'SERVICE', 'USER', 'LAST USED', 'CREATED'], instances.map(toIdleCells))) // prettier-ignore
    })
}

const showUsage = async (options: Options): Promise<void> => {
  const { user, service, days, by, per, json, csv } = options
  const to = new Date()
  const from = new Date(to.getTime() - days * DAY_MS)
  const asked = { from: from.toISOString(), to: to.toISOString(), by, per, user, service }
  const given = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]])) // prettier-ignore
  const query = new URLSearchParams(given).toString()
  const daemon = await requireDaemon(readConfig())
  if (csv) {
    process.stdout.write(await daemon.getText(`${PATH}?${query}&format=csv`))
    return
  }
  const answer = await daemon.get<{ usage: UsageSum[] }>(`${PATH}?${query}`)
  if (json) printJson(answer)
  else print(table([...(per ? ['AT'] : []), ...HEAD], answer.usage.map(toCells)))
}

const HEAD = ['NAME', 'REQUESTS', 'ERRORS', 'IN', 'OUT', 'P50', 'P95', 'P99']

const toCells = (sum: UsageSum): string[] => [
  ...(sum.at === undefined ? [] : [sum.at.slice(0, 16)]),
  sum.name,
  String(sum.requests),
  String(sum.errors),
  toSize(sum.bytesIn),
  toSize(sum.bytesOut),
  ...[sum.p50Ms, sum.p95Ms, sum.p99Ms].map(toTime),
]

const toSize = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`

const toTime = (ms: number | null): string => (ms === null ? '-' : `${Math.round(ms)} ms`)

const toIdleCells = (one: IdleInstance): string[] => [
  one.instanceId,
  one.service,
  one.email ?? '-',
  one.lastUsedAt ?? 'never',
  one.createdAt,
]
