// Compares ways of running a fleet: what the README promises of time and memory, on this machine and in one run.
import { availableParallelism } from 'node:os'
import { messageOf } from '../../../src/base/errors.ts'
import { note, print, printJson } from '../../../src/cli/output.ts'
import { bare } from './bare.ts'
import { dedicated, packed } from './berth.ts'
import { writeFleet, type Fleet } from './fleet.ts'
import { growthSizes, measureGrowth } from './growth.ts'
import { measure, warmUp } from './measure.ts'
import { readOptions, USAGE, type Options } from './options.ts'
import { growthTable, waysLegend, waysTable } from './report.ts'
import type { GrowthOutcome, Outcome, WayOutcome } from './report.ts'
import { usual } from './usual.ts'
import { createWorkspace, type Workspace } from './workspace.ts'

/** The shipped registry's first port, 49160, less 30,000: out of the range of outgoing connections. */
const FIRST_PORT = 19_160
const EXIT_INTERRUPTED = 130

type Run = { options: Options; workspace: Workspace; signal: AbortSignal }

const main = async (): Promise<void> => {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    print(USAGE)
    return
  }
  const stop = stopOnSignal()
  const workspace = createWorkspace()
  const run = { options, workspace, signal: stop }
  try {
    const fleet = await makeFleet(run, 'registry-all', options.services)
    const ways = await compareWays(run, fleet)
    const growth = options.growth ? await measureSteps(run) : []
    report(options, { fleet, ways, growth })
  } finally {
    await workspace.remove()
  }
}

/** A signal ends the waiting; what was started is then ended where it was started. */
const stopOnSignal = (): AbortSignal => {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      process.exitCode = EXIT_INTERRUPTED
      controller.abort(new Error(`${name}: ended early`))
    })
  return controller.signal
}

const makeFleet = ({ workspace }: Run, name: string, count: number | undefined): Promise<Fleet> =>
  writeFleet({
    from: workspace.registry,
    to: workspace.makeFolder(name),
    count,
    firstPort: FIRST_PORT,
  })

const compareWays = async (run: Run, fleet: Fleet): Promise<WayOutcome[]> => {
  const { options, workspace, signal } = run
  const ways = [usual, bare, packed, dedicated].filter(({ name }) => options.ways.includes(name))
  const single = await makeFleet(run, 'registry-one', 1)
  const outcomes: WayOutcome[] = []
  for (const way of ways) {
    const { name, title } = way
    note(`${name}: ${fleet.services.length} services …`)
    const outcome = await attempt(signal, async () => {
      const job = { workspace, signal }
      await warmUp(way, { ...job, fleet: single, folder: workspace.makeFolder(`${name}-one`) })
      return measure(way, { ...job, fleet, folder: workspace.makeFolder(name) })
    })
    outcomes.push({ way: name, title, outcome })
  }
  return outcomes
}

const measureSteps = async ({ options, workspace, signal }: Run): Promise<GrowthOutcome[]> => {
  const outcomes: GrowthOutcome[] = []
  for (const services of growthSizes(options.services)) {
    note(`growth: ${services} services …`)
    const outcome = await attempt(signal, () => measureGrowth(services, workspace, signal))
    outcomes.push({ services, outcome })
  }
  return outcomes
}

/** One way that fails leaves the figures of the others. */
const attempt = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<Outcome<T>> => {
  try {
    return { ok: true, figures: await work() }
  } catch (error) {
    signal.throwIfAborted()
    note(`  failed: ${messageOf(error)}`)
    process.exitCode = 1
    return { ok: false, reason: messageOf(error) }
  }
}

type Results = { fleet: Fleet; ways: WayOutcome[]; growth: GrowthOutcome[] }

const report = ({ json }: Options, { fleet, ways, growth }: Results): void => {
  const tools = fleet.services.reduce((sum, service) => sum + service.tools.length, 0)
  const machine = { cores: availableParallelism(), node: process.version }
  if (json) return printJson({ services: fleet.services.length, tools, machine, ways, growth })
  const about = `${machine.cores} cores, node ${machine.node}; memory is PSS`
  if (ways.length > 0) {
    print(`${fleet.services.length} services with ${tools} tools; ${about}\n`)
    print(`${waysTable(ways)}\n\n${waysLegend(ways)}`)
  }
  if (growth.length > 0) {
    print(`\nGrowth of a packed fleet; ${about}. In brackets: to the first row.\n`)
    print(growthTable(growth))
  }
}

main().catch((error: unknown) => {
  note(messageOf(error))
  process.exitCode ??= 1
})
