import { InvalidArgumentError, type Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { toPrettyLine } from '../../base/log-line.ts'
import { listLogFiles, logFilesElsewhere, statAll, type LogFile } from '../../logs/log-files.ts'
import { followLog } from '../../logs/follow.ts'
import { readLog, type LogEntry, type LogFilter } from '../../logs/read-lines.ts'
import { serviceUnknown } from '../../model/service-unknown.ts'
import { loadWantedFleet } from '../../compose/fleet/wanted.ts'
import { print } from '../output.ts'

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `10m` ago. */
const parseSince = (text: string): number => {
  const [, amount, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (amount !== undefined)
    return Date.now() - Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write it like 10m, 2h, 3d, or as a time.')
  return at
}

const parseGrep = (text: string): RegExp => {
  try {
    return new RegExp(text, 'i')
  } catch {
    throw new InvalidArgumentError('This is no regular expression.')
  }
}

const parseCount = (text: string): number => {
  const lines = Number(text)
  if (Number.isInteger(lines) && lines >= 1 && lines <= 1_000_000) return lines
  throw new InvalidArgumentError('Give a number of lines.')
}

type Options = { since?: number; grep?: RegExp; lines: number; follow?: boolean; json?: boolean }

export const add = (program: Command): void => {
  program
    .command('logs')
    .description('what the hosts and the daemon logged of one service')
    .argument('<service>')
    .option('-f, --follow', 'go on with what comes')
    .option('--since <time>', 'such as 10m, 2h, 3d', parseSince)
    .option('--grep <regexp>', 'only lines that match, in any case', parseGrep)
    .option('-n, --lines <count>', 'at most so many, the newest', parseCount, 1_000)
    .option('--json', 'print one JSON object per line')
    .action(async (service: string, options: Options) => {
      const config = readConfig()
      const list = await findLogFiles(config, service)
      await showLog(list, { service, since: options.since, grep: options.grep }, options)
    })
}

type List = () => Promise<LogFile[]>

/** Those of the home, and those that the template puts elsewhere. @throws AppError `service_unknown` */
const findLogFiles = async (config: Config, service: string): Promise<List> => {
  const { services, apps } = await loadWantedFleet(config)
  const names = services.map(({ name }) => name)
  if (!names.includes(service)) throw serviceUnknown([service], names)
  const elsewhere = logFilesElsewhere(apps, config.home.logs)
  return async () => [...(await listLogFiles(config.home.logs)), ...(await statAll(elsewhere))]
}

const showLog = async (list: List, filter: LogFilter, options: Options): Promise<void> => {
  const show = (entry: LogEntry) => print(options.json ? toJson(entry) : toText(entry))
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort())
  for (const entry of await readLog(await list(), filter, options.lines)) show(entry)
  if (options.follow) await followLog(list, filter, { take: show, signal: stopping.signal })
}

const toJson = ({ at, process, text, fields }: LogEntry): string =>
  JSON.stringify({ process, ...(fields ?? { time: new Date(at).toISOString(), event: text }) })

const toText = ({ at, process: name, text, fields }: LogEntry): string => {
  if (!process.stdout.isTTY) return text
  if (!fields) return `${' '.repeat(13)}${text}`
  const { time: _time, level, service: _service, ...rest } = fields
  return toPrettyLine(
    typeof level === 'string' ? level : 'info',
    { ...rest, process: name },
    new Date(at),
  )
}
