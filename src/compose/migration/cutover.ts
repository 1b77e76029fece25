import { join } from 'node:path'
import type { Config } from '../../base/config.ts'
import { messageOf } from '../../base/errors.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import { createLoop } from '../../base/loop.ts'
import type { Log } from '../../base/log.ts'
import { createCutover } from '../../cutover/cutover.ts'
import { readCutoverSettings } from '../../cutover/settings.ts'
import { readCutoverView } from './cutover-view.ts'
import { requireKnownExceptions } from './known-exceptions.ts'
import type { CutoverDesk, RoutingView } from '../../model/cutover.ts'
import type { RecordEvent } from '../../model/event.ts'
import { runCommand } from '../../processes/run-command.ts'
import {
  addDecision, findCutover, insertCutover, listMovedServices, updateCutover,
} from '../../store/cutovers.ts' // prettier-ignore
import {
  listOldSamplesBefore,
  listSamplesAfter,
  removeSamples,
} from '../../store/cutover-samples.ts'
import { VIA } from '../../gateway/old-urls/old-server.ts'
import type { Database } from '../../store/database.ts'
import { changeOldRouting, readOldRouting, type RoutingChange } from '../../store/old-routing.ts'
import { listOldUsers } from '../../store/old-url-usage.ts'

type Options = {
  config: Config
  database: Database
  /** The state of each service that runs here. */
  services: () => readonly { service: string; state: string }[]
  /** The routing was changed in this process. */
  onRouting: (() => Promise<void>) | undefined
  recordEvent: RecordEvent
  log: Log
}

const INTERVAL_MS = 500
const CHECK_MS = 5_000
const MAX_OLD_USERS = 100_000
const UP = ['healthy', 'planned']

/** The walk over database, fleet and the operator's commands; the daemon carries it. */
export const composeCutover = (options: Options): { desk: CutoverDesk; runnable: Runnable } => {
  const { config, database, log } = options
  const changeRouting = async (change: RoutingChange) => {
    const changed = await changeOldRouting(database, change)
    await options.onRouting?.()
    return changed
  }
  const cutover = createCutover({
    find: () => findCutover(database),
    insert: (state) => insertCutover(database, state),
    update: (changed, hasEnded) => updateCutover(database, changed, hasEnded),
    addDecision: (decision) => addDecision(database, decision),
    removeSamples: (upTo) => removeSamples(database, upTo),
    listSamplesAfter: (at) => listSamplesAfter(database, at),
    listOldSamplesBefore: (at) => listOldSamplesBefore(database, at),
    readRouting: () => readOldRouting(database),
    changeRouting,
    findOldServerFault: () => findOldServerFault(config.legacyUrl),
    listDown: async () => {
      const up = new Set(options.services().filter(({ state }) => UP.includes(state)).map(({ service }) => service)) // prettier-ignore
      return (await listMovedServices(database)).filter((service) => !up.has(service))
    },
    countMoved: async () => (await listMovedServices(database)).length,
    runHook: (which, signal) => runHook(config, which, signal),
    pageUrl: `${config.baseUrl}/`,
    settings: () => readCutoverSettings(fileOf(config)),
    recordEvent: options.recordEvent,
    log,
  })
  const running = () => options.services().map(({ service }) => service)
  const move = () => cutover.move().catch((error: unknown) => log.warn('the cutover does not go on', { error })) // prettier-ignore
  return {
    desk: createDesk({ database, running, cutover, move, changeRouting }),
    runnable: createLoop({ name: 'cutover', turn: () => move().then(() => INTERVAL_MS) }),
  }
}

type DeskParts = {
  database: Database
  /** The names of the services that run here. */
  running: () => string[]
  cutover: ReturnType<typeof createCutover>
  move: () => Promise<void>
  changeRouting: (change: RoutingChange) => Promise<RoutingView>
}

const toRoutingView = ({ percent, users, services }: RoutingView) => ({ percent, users, services })

const createDesk = ({
  database,
  running,
  cutover,
  move,
  changeRouting,
}: DeskParts): CutoverDesk => ({
  status: () => readCutoverView(database, cutover.comparison),
  start: cutover.start,
  advance: async (isForced) => {
    await cutover.advance(isForced)
    void move() // may take as long as the operator's command
  },
  abort: async () => {
    await cutover.abort()
    void move()
  },
  finish: cutover.finish,
  routing: async () => toRoutingView(await readOldRouting(database)),
  changeRouting: async (change) => {
    const before = await readOldRouting(database)
    await requireKnownExceptions(database, { running: running(), before, change })
    return toRoutingView(await changeRouting(change))
  },
  listOldUsers: (since) => listOldUsers(database, { since, limit: MAX_OLD_USERS }),
  notice: async () => {
    const { notice } = await readOldRouting(database)
    return notice ? { text: notice.text, since: notice.since.toISOString() } : null
  },
})

const fileOf = ({ home }: Config): string => join(home.root, 'cutover.json')

const runHook = async (
  config: Config,
  which: 'stop' | 'start',
  signal: AbortSignal | undefined,
): Promise<void> => {
  const { hooks } = readCutoverSettings(fileOf(config))
  const command = hooks[which]
  if (command === undefined) return
  const environment = { ...config.passed, BERTH_HOME: config.home.root }
  await runCommand(command, { deadlineMs: hooks.deadlineSeconds * 1_000, environment, signal })
}

/** Looks like an old URL, and is nobody's: a gateway that gets it from itself says so. */
const NOBODYS_PATH = '/00000000-0000-4000-8000-000000000000/mcp/berth'
const LOOP = 508

/** Whatever it answers: it is there, unless it is this gateway. */
const findOldServerFault = async (url: string | undefined): Promise<string | undefined> => {
  if (url === undefined) return 'BERTH_LEGACY_URL is not set: nobody knows where the old server is'
  try {
    const asked = new URL(NOBODYS_PATH, url)
    const answer = await fetch(asked, { headers: { via: VIA }, redirect: 'manual', signal: AbortSignal.timeout(CHECK_MS) }) // prettier-ignore
    await answer.body?.cancel()
    return answer.status === LOOP ? `BERTH_LEGACY_URL, ${url}, leads back to Berth: set it to the old server itself` : undefined // prettier-ignore
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    return `The old server at ${url} does not answer: ${messageOf(cause)}`
  }
}
