import { table } from '../../../src/cli/output.ts'
import { bytes, percent, ratio, seconds } from './figures.ts'
import type { GrowthStep } from './growth.ts'
import type { Figures } from './measure.ts'
import type { WayName } from './options.ts'

/** A measurement, or why there is none. */
export type Outcome<T> = { ok: true; figures: T } | { ok: false; reason: string }

export type WayOutcome = { way: WayName; title: string; outcome: Outcome<Figures> }
export type GrowthOutcome = { services: number; outcome: Outcome<GrowthStep> }

type Measure = { title: string; of: (figures: Figures) => number; write: (n: number) => string }

const MEASURES: readonly Measure[] = [
  { title: 'until every service answers', of: (f) => f.upMs, write: seconds },
  { title: 'until the command returns', of: (f) => f.commandMs, write: seconds },
  { title: 'processor time until then', of: (f) => f.cpuMs, write: seconds },
  { title: 'host processes', of: (f) => f.idle.hostProcesses, write: String },
  { title: 'hosts, idle', of: (f) => f.idle.hostsBytes, write: bytes },
  { title: 'hosts + daemon + PM2, idle', of: (f) => f.idle.wholeBytes, write: bytes },
  { title: 'hosts, each service used once', of: (f) => f.used.hostsBytes, write: bytes },
]

/** Every measure of every way, with its ratio to the usual way and to the bare spawn. */
export const waysTable = (ways: readonly WayOutcome[]): string => {
  const figuresOf = (name: WayName) => {
    const outcome = ways.find(({ way }) => way === name)?.outcome
    return outcome?.ok ? outcome.figures : undefined
  }
  const [usual, bare] = [figuresOf('usual'), figuresOf('bare')]
  const rows = MEASURES.flatMap(({ title, of, write }) =>
    ways.map(({ way, outcome }, index) => {
      const first = index === 0 ? title : ''
      if (!outcome.ok) return [first, way, 'failed', '-', '-']
      const figure = of(outcome.figures)
      const to = (name: WayName, reference: Figures | undefined) =>
        way === name ? '-' : ratio(figure, reference && of(reference))
      return [first, way, write(figure), to('usual', usual), to('bare', bare)]
    }),
  )
  return table(['MEASURE', 'WAY', 'FIGURE', 'TO USUAL', 'TO BARE'], rows)
}

/** What the ways are, and how quiet the machine was before each. */
export const waysLegend = (ways: readonly WayOutcome[]): string =>
  ways.map(({ way, title, outcome }) => {
    const note = outcome.ok ? `others took ${percent(outcome.figures.othersShare)} of the CPUs before` : `FAILED: ${outcome.reason}` // prettier-ignore
    return `  ${way.padEnd(10)} ${title} (${note})`
  }).join('\n') // prettier-ignore

/** How a packed fleet grows; in brackets the ratio to the first row. */
export const growthTable = (steps: readonly GrowthOutcome[]): string => {
  const done = steps.flatMap(({ outcome }) => (outcome.ok ? [outcome.figures] : []))
  const first = done[0]
  const cell = (step: GrowthStep, of: (s: GrowthStep) => number, write: (n: number) => string) => {
    const text = write(of(step))
    return step === first ? text : `${text} (${ratio(of(step), first && of(first))})`
  }
  const hasPlan = done.some(({ planMs }) => planMs !== undefined)
  const rows = done.map((step) => [
    cell(step, (s) => s.services, String),
    cell(step, (s) => s.upMs, seconds),
    cell(step, (s) => s.idle.hostsBytes, bytes),
    cell(step, (s) => s.used.hostsBytes, bytes),
    cell(step, (s) => s.idle.wholeBytes, bytes),
    cell(step, (s) => s.statusMs, seconds),
    ...(hasPlan ? [cell(step, (s) => s.planMs ?? 0, seconds)] : []),
    percent(step.othersShare),
  ])
  const head = ['SERVICES', 'ALL ANSWER', 'HOSTS IDLE', 'HOSTS USED', 'WHOLE IDLE', 'berth status']
  const failures = steps.flatMap(({ services, outcome }) =>
    outcome.ok ? [] : [`\n  ${services} services FAILED: ${outcome.reason}`],
  )
  return table([...head, ...(hasPlan ? ['berth plan'] : []), 'OTHERS'], rows) + failures.join('')
}
