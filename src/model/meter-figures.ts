import { emptyBuckets } from './latency.ts'
import type { Traffic } from './traffic.ts'

const TALLIES = [
  'refusals', 'callers', 'unknownCallers', 'exits', 'verdicts', 'vault', 'rotations',
  'cutoverRequests',
] as const // prettier-ignore
const DURATIONS = ['queries', 'failedQueries'] as const

type Counts = Record<string, number>
type Durations = { buckets: readonly number[]; totalMs: number }

/** What is read of the meters of a process, or of several together. */
export type MeterReadings = {
  traffic: { services: () => ReadonlyMap<string, Traffic> }
} & Record<(typeof TALLIES)[number], { counts: () => ReadonlyMap<string, number> }> &
  Record<(typeof DURATIONS)[number], { figures: () => Durations }>

/** The same as plain numbers, for other processes. */
export type MeterFigures = {
  traffic: Record<string, Traffic>
  tallies: Record<string, Counts>
  durations: Record<string, Durations>
}

export const NO_FIGURES: MeterFigures = { traffic: {}, tallies: {}, durations: {} }

export const figuresOf = (meters: MeterReadings): MeterFigures => ({
  traffic: Object.fromEntries(meters.traffic.services()),
  tallies: Object.fromEntries(
    TALLIES.map((name) => [name, Object.fromEntries(meters[name].counts())]),
  ),
  durations: Object.fromEntries(DURATIONS.map((name) => [name, meters[name].figures()])),
})

export const readingsOf = ({ traffic, tallies, durations }: MeterFigures): MeterReadings => {
  const counts = (name: string) => ({ counts: () => new Map(Object.entries(tallies[name] ?? {})) })
  const figures = (name: string) => ({ figures: () => durations[name] ?? NO_DURATIONS })
  return {
    traffic: { services: () => new Map(Object.entries(traffic)) },
    refusals: counts('refusals'),
    callers: counts('callers'),
    unknownCallers: counts('unknownCallers'),
    exits: counts('exits'),
    verdicts: counts('verdicts'),
    vault: counts('vault'),
    rotations: counts('rotations'),
    cutoverRequests: counts('cutoverRequests'),
    queries: figures('queries'),
    failedQueries: figures('failedQueries'),
  }
}

/** The sum of two, or with -1 their difference. */
export const addFigures = (
  to: MeterFigures,
  more: MeterFigures,
  sign: 1 | -1 = 1,
): MeterFigures => {
  const add = (a = 0, b: number) => a + sign * b
  const addLists = (a: readonly number[], b: readonly number[]) => b.map((value, index) => add(a[index], value)) // prettier-ignore
  return {
    traffic: merge(to.traffic, more.traffic, (a = NO_TRAFFIC, b) => ({
      byClass: addLists(a.byClass, b.byClass),
      errors: add(a.errors, b.errors),
      latency: addLists(a.latency, b.latency),
      latencyMs: add(a.latencyMs, b.latencyMs),
      inFlight: add(a.inFlight, b.inFlight),
    })),
    tallies: merge(to.tallies, more.tallies, (a = {}, b) => merge(a, b, add)),
    durations: merge(to.durations, more.durations, (a = NO_DURATIONS, b) => ({
      buckets: addLists(a.buckets, b.buckets),
      totalMs: add(a.totalMs, b.totalMs),
    })),
  }
}

/** What was counted, without what is under way. */
export const settledFigures = (figures: MeterFigures): MeterFigures => ({
  ...figures,
  traffic: Object.fromEntries(
    Object.entries(figures.traffic).map(([name, one]) => [name, { ...one, inFlight: 0 }]),
  ),
})

const NO_TRAFFIC: Traffic = { byClass: [], errors: 0, latency: [], latencyMs: 0, inFlight: 0 }
const NO_DURATIONS: Durations = { buckets: emptyBuckets(), totalMs: 0 }

const merge = <T>(
  to: Readonly<Record<string, T>>,
  more: Readonly<Record<string, T>>,
  join: (a: T | undefined, b: T) => T,
): Record<string, T> => ({
  ...to,
  ...Object.fromEntries(Object.entries(more).map(([key, value]) => [key, join(to[key], value)])),
})
