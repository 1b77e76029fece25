import { setTimeout as delay } from 'node:timers/promises'
import { InvalidArgumentError, type Command } from 'commander'
import { readConfig } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import type { CutoverView, RoutingView } from '../../model/cutover.ts'
import type { Client } from '../client.ts'
import { cutoverLines } from '../cutover-report.ts'
import { STEPS_HELP } from '../cutover-steps.ts'
import { requireDaemon } from '../daemon-client.ts'
import { notifyOldUsers, type NotifyOptions } from '../notify-old-users.ts'
import { print, printJson } from '../output.ts'
import { EXIT } from '../run.ts'

const PATH = '/api/v1/admin/cutover'
/** Above the longest deadline of an operator's command. */
const WAIT_MS = 60_000
const POLL_MS = 250

type Json = { json?: boolean }
type Now = { cutover: CutoverView | null }

export const add = (program: Command): void => {
  const cutover = program
    .command('cutover')
    .description('from one process per user and service to the shared fleet, step by step')
    .addHelpText('after', STEPS_HELP)
  cutover
    .command('status')
    .description('where the cutover stands, and how the two paths compare')
    .option('--json', 'print JSON')
    .action(async ({ json }: Json) => show(await read(await daemon()), json ?? false))
  cutover
    .command('start')
    .description('begin with step 1: the old server serves everything, and users are given notice')
    .option('--auto', 'go on by itself, step by step, as far as the watch')
    .option('--notice <text>', 'what users are told')
    .option('--json', 'print JSON')
    .action(async ({ auto, notice, json }: Json & { auto?: boolean; notice?: string }) => {
      const client = await daemon()
      await client.post(`${PATH}/start`, { automatic: auto ?? false, ...(notice && { notice }) })
      show(await waitUntilDone(client), json ?? false)
    })
  addMoves(cutover)
  cutover
    .command('route')
    .description(
      'show which moved instances the shared fleet serves under their old URLs, or change that',
    )
    .option('--percent <share>', 'so many of all moved instances, from 0 to 100', parsePercent)
    .option('--user <id=way...>', 'an exception: shared, old, or auto for none', collect)
    .option('--service <name=way...>', 'likewise', collect)
    .option('--json', 'print JSON')
    .action(route)
  cutover
    .command('notify')
    .description('list who still uses old URLs, or send that list to a webhook; users hear nothing')
    .option('--since <days>', 'within so many days', parseDays, 30)
    .option('--csv', 'print CSV')
    .option('--webhook <url>', 'send the list there, as JSON')
    .option('--json', 'print JSON')
    .action(async (options: NotifyOptions) => notifyOldUsers(await daemon(), options))
}

const MOVES = [
  {
    name: 'advance',
    description:
      'go on to the next share or step, when its check is passed; what failed is tried again',
    forced:
      'go past a stop hook that failed, or on before the new path is known to be no worse; checks are not skipped',
  },
  {
    name: 'finish',
    description: 'end the cutover at watch: the shared fleet serves all that was moved',
    forced: 'do not wait until the new path is known to be no worse',
  },
] as const

const addMoves = (cutover: Command): void => {
  for (const { name, description, forced } of MOVES)
    cutover
      .command(name)
      .description(description)
      .option('--force', forced)
      .option('--json', 'print JSON')
      .action(async ({ force, json }: Json & { force?: boolean }) => {
        const client = await daemon()
        await client.post(`${PATH}/${name}`, { force: force ?? false })
        show(await waitUntilDone(client), json ?? false)
      })
  cutover
    .command('abort')
    .description(
      'everything back to the old server at once, from any step; then the start hook is run',
    )
    .option('--json', 'print JSON')
    .action(async ({ json }: Json) => {
      const client = await daemon()
      await client.post(`${PATH}/abort`, {}).catch(unlessUnderWay)
      show(await waitUntilDone(client), json ?? false)
    })
}

const daemon = (): Promise<Client> => requireDaemon(readConfig())

/** While an operator's command runs, the answer may take longer than a client waits. */
const unlessUnderWay = (error: unknown): void => {
  if (!(error instanceof AppError) || error.code !== 'daemon_not_running') throw error
}

const read = async (client: Client): Promise<CutoverView | null> =>
  (await client.get<Now>(PATH)).cutover

/** Until the step is done or cannot be, and an ending has ended. */
const waitUntilDone = async (client: Client): Promise<CutoverView | null> => {
  const until = Date.now() + WAIT_MS
  for (;;) {
    const now = await read(client)
    const isUnderWay = now?.state === 'ending' || (now?.state === 'running' && !now.isDone && now.problem === null) // prettier-ignore
    if (!isUnderWay || Date.now() > until) return now
    await delay(POLL_MS)
  }
}

/** What is not read on a terminal stays in one line each. */
const widthOf = ({ isTTY, columns }: NodeJS.WriteStream): number =>
  isTTY ? columns : Number.POSITIVE_INFINITY

const show = (cutover: CutoverView | null, json: boolean): void => {
  if (json) printJson(cutover ?? {})
  else if (!cutover) print('No cutover yet. Begin one with: berth cutover start')
  else cutoverLines(cutover, widthOf(process.stdout)).forEach((line) => print(line))
  if (cutover && cutover.problem !== null) process.exitCode = EXIT.failed
}

const parsePercent = (text: string): number => {
  const percent = Number(text)
  if (text.trim() !== '' && percent >= 0 && percent <= 100) return percent
  throw new InvalidArgumentError('A number from 0 to 100.')
}

const parseDays = (text: string): number => {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number of days.')
}

type Ways = Record<string, string>

const collect = (text: string, before: Ways = {}): Ways => {
  const match = /^([^=]+)=(shared|old|auto)$/.exec(text)
  if (!match) throw new InvalidArgumentError('Write it like figma=shared, figma=old or figma=auto.')
  return { ...before, [match[1] ?? '']: match[2] ?? '' }
}

const route = async (options: Json & { percent?: number; user?: Ways; service?: Ways }) => {
  const client = await daemon()
  const before = await client.get<RoutingView>(`${PATH}/routing`)
  const { percent, user = {}, service = {}, json } = options
  const isChanged = percent !== undefined || Object.keys({ ...user, ...service }).length > 0
  const change = {
    ...(percent !== undefined && { percent }),
    users: merge(before.users, user),
    services: merge(before.services, service),
  }
  const now = isChanged ? await client.patch<RoutingView>(`${PATH}/routing`, change) : before
  if (json) {
    printJson(now)
    return
  }
  print(`${now.percent} % of the moved instances are served by the shared fleet under their old URLs.`) // prettier-ignore
  for (const [name, way] of Object.entries({ ...now.users, ...now.services })) print(`${name}: ${way}`) // prettier-ignore
}

const merge = (before: Ways, change: Ways): Ways =>
  Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, way]) => way !== 'auto'))
