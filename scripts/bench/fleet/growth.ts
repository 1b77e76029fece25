import { performance } from 'node:perf_hooks'
import { askBerth, packed } from './berth.ts'
import { writeFleet } from './fleet.ts'
import { measure, type Figures } from './measure.ts'
import type { Workspace } from './workspace.ts'

export type GrowthStep = Figures & {
  services: number
  statusMs: number
  /** Undefined: this Berth has no such verb. */
  planMs: number | undefined
}

/** Today's fleet, a large one, and one of two and a half thousand; with `--services`, in the same proportion. */
const SIZES = [373, 1_000, 2_600] as const
/** Or the next from here up that have no listener. */
const FIRST_PORT = 20_000
const REPEATS = 3

export const growthSizes = (services: number | undefined): number[] =>
  SIZES.map((size) => (services === undefined ? size : Math.round((size / SIZES[0]) * services)))

/** How a packed fleet of `services` starts, what it takes, and how long its operator waits for an answer. */
export const measureGrowth = async (
  services: number,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<GrowthStep> => {
  const folder = workspace.makeFolder(`growth-${services}`)
  const to = workspace.makeFolder(`growth-${services}-registry`)
  const fleet = await writeFleet({
    from: workspace.registry,
    to,
    count: services,
    firstPort: FIRST_PORT,
  })
  const job = { fleet, folder, workspace, signal }
  let statusMs = 0
  let planMs: number | undefined
  const figures = await measure(packed, job, async ({ env }) => {
    const ask = (verb: string) => askBerth(job, env, verb)
    statusMs = await timeVerb(ask, 'status')
    if (hasVerb(await ask('--help'), 'plan')) planMs = await timeVerb(ask, 'plan')
  })
  return { ...figures, services, statusMs, planMs }
}

const hasVerb = (help: string, verb: string): boolean =>
  new RegExp(`^\\s+${verb}\\b`, 'm').test(help)

type Ask = (verb: string) => Promise<string>

/** The middle one of a few: a single start of a command is easily disturbed. */
const timeVerb = async (ask: Ask, verb: string): Promise<number> => {
  const times: number[] = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const startedAt = performance.now()
    await ask(verb)
    times.push(performance.now() - startedAt)
  }
  return times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)] ?? 0
}
