import { InvalidArgumentError, type Command } from 'commander'
import { readConfig, type Config } from '../../base/config.ts'
import { requireDaemonAddress } from '../daemon-client.ts'
import { queryOf, readEvents, type EventView } from '../event-access.ts'
import { followEvents } from '../follow-events.ts'
import { print } from '../output.ts'

type Options = {
  follow?: boolean
  type?: string
  service?: string
  instance?: string
  lines: number
  json?: boolean
}

const parseCount = (text: string): number => {
  const lines = Number(text)
  if (Number.isInteger(lines) && lines >= 0 && lines <= 1_000) return lines
  throw new InvalidArgumentError('Give a number up to 1000.')
}

export const add = (program: Command): void => {
  program
    .command('events')
    .description('what happened to services, keys and the fleet')
    .option('-f, --follow', 'go on with what happens')
    .option('--type <types>', 'beginnings of types, such as service.,key.invalid')
    .option('--service <service>', 'of one service')
    .option('--instance <handle>', 'of one instance')
    .option('-n, --lines <count>', 'at most so many, the newest', parseCount, 50)
    .option('--json', 'print one JSON object per line')
    .action(async (options: Options) => {
      const show = (event: EventView) => print(options.json ? JSON.stringify(event) : toLine(event))
      const config = readConfig()
      const events = options.lines === 0 ? [] : await readEvents(config, { ...options, limit: options.lines }) // prettier-ignore
      for (const event of events) show(event)
      if (options.follow) await follow(config, options, { show, after: events.at(-1)?.id })
    })
}

const follow = async (
  config: Config,
  options: Options,
  { show, after }: { show: (event: EventView) => void; after: number | undefined },
): Promise<void> => {
  const { url, token } = await requireDaemonAddress(config)
  const stopping = new AbortController()
  process.once('SIGINT', () => stopping.abort())
  const query = queryOf(options)
  await followEvents({ url, token, query, after, take: show, signal: stopping.signal })
}

const toLine = ({ at, type, message }: EventView): string => `${at}  ${type.padEnd(19)}  ${message}`
