import type { SampleRow } from '../../src/model/cutover-sample.ts'
import { createPathWatch } from '../../src/cutover/watch-paths.ts'
import { createComparison } from '../../src/cutover/comparison/comparison.ts'
import type { Arm, Sample } from '../../src/cutover/comparison/sample.ts'

type Effect = { factor?: number; slowShare?: number; moreErrors?: number }

/** The last look of a comparison. */
export const MOST = 800

/** A generator of random numbers with a seed (mulberry32): the same runs every time. */
const randomFrom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const spread = (random: () => number, deviation: number): number =>
  Math.exp(deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()))

/** Services as they are: quick and steady, usual with a tail, one with a cache before it, and how often they fail. */
const SERVICES = [
  { name: 'quick', errors: 0.002, latency: (random: () => number) => 40 * spread(random, 0.3) },
  {
    name: 'usual',
    errors: 0.01,
    latency: (random: () => number) =>
      130 * spread(random, 0.5) * (random() < 0.03 ? 2 + 8 * random() : 1),
  },
  {
    name: 'cached',
    errors: 0.02,
    latency: (random: () => number) => (random() < 0.6 ? 30 : 200) * spread(random, 0.35),
  },
]

type Ask = (arm: Arm, effect?: Effect) => Sample

/** One request by one of the ways, at random. */
const asking = (random: () => number): Ask => (arm, effect = {}) => {
  const service = SERVICES[Math.floor(random() * SERVICES.length)]!
  const { factor = 1, slowShare = 0, moreErrors = 0 } = effect
  return {
    arm,
    service: service.name,
    instance: `${arm} ${service.name} ${Math.floor(random() * 20)}`,
    latencyMs: service.latency(random) * factor * (random() < slowShare ? 10 : 1),
    fault: random() < service.errors + moreErrors ? 'status' : null,
  }
} // prettier-ignore

/** Requests by both ways in turn; the new one has an effect. @returns after how many by each it was worse */
const runUntilWorse = (effect: Effect, seed: number, most = MOST): number => {
  const random = randomFrom(seed)
  const comparison = createComparison({ random })
  const ask = asking(random)
  for (let requests = 1; requests <= most; requests += 1)
    for (const arm of ['old', 'new'] as const)
      if (comparison.add(ask(arm, arm === 'new' ? effect : {})) === 'worse') return requests
  return Infinity
}

/** In how many of so many runs the new path was found worse. */
export const countWorse = (runs: number, effect: Effect, within: number): number =>
  Array.from({ length: runs }, (_, run) => runUntilWorse(effect, run * 7919 + 1, within)).filter(
    (requests) => requests <= within,
  ).length

type Phase = { requests: number; old?: Effect; new?: Effect }

/**
 * A watch over phases, read in batches as a daemon does.
 * @returns after how many requests by each path it was worse, in which phase
 */
export const watchPhases = async (phases: readonly Phase[], seed: number) => {
  const ask = asking(randomFrom(seed))
  let rows: (SampleRow & { id: number })[] = []
  let id = 0
  const watch = createPathWatch({
    listSamplesAfter: ({ after }) => Promise.resolve(rows.filter((row) => row.id > after)),
    listOldSamplesBefore: () => Promise.resolve([]),
    removeSamples: () => Promise.resolve(),
  })
  for (const [phase, { requests, ...effects }] of phases.entries())
    for (let count = 1; count <= requests; count += 1) {
      const asked = (['old', 'new'] as const).map((arm) => ask(arm, effects[arm]))
      rows = [...(count % 10 === 1 ? [] : rows), ...asked.map(({ arm, instance, ...rest }) => ({ ...rest, id: (id += 1), epoch: 1, isNew: arm === 'new', instanceId: instance }))] // prettier-ignore
      if (count % 10 !== 0) continue
      const { decision } = await watch.read(1, 0)
      if (decision === 'worse') return { phase, requests: count }
    }
  return undefined
}
