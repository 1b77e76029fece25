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

/** Requests by both ways in turn; the new one has an effect. @returns after how many by each it was worse */
const runUntilWorse = (effect: Effect, seed: number, most = MOST): number => {
  const random = randomFrom(seed)
  const comparison = createComparison({ random })
  const ask = (arm: Arm): Sample => {
    const service = SERVICES[Math.floor(random() * SERVICES.length)]!
    const { factor = 1, slowShare = 0, moreErrors = 0 } = arm === 'new' ? effect : {}
    return {
      arm,
      service: service.name,
      instance: `${arm} ${service.name} ${Math.floor(random() * 20)}`,
      latencyMs: service.latency(random) * factor * (random() < slowShare ? 10 : 1),
      isError: random() < service.errors + moreErrors,
    }
  }
  for (let requests = 1; requests <= most; requests += 1)
    for (const arm of ['old', 'new'] as const)
      if (comparison.add(ask(arm)) === 'worse') return requests
  return Infinity
}

/** In how many of so many runs the new path was found worse. */
export const countWorse = (runs: number, effect: Effect, within: number): number =>
  Array.from({ length: runs }, (_, run) => runUntilWorse(effect, run * 7919 + 1, within)).filter(
    (requests) => requests <= within,
  ).length
