import type { ComparisonView } from '../model/cutover.ts'
import { createComparison, type Comparison } from './comparison/comparison.ts'
import type { Count } from './comparison/error-ratio.ts'
import type { SampleRow } from '../model/cutover-sample.ts'
import type { Sample } from './comparison/sample.ts'
import { toSample } from './findings.ts'

type Stored = SampleRow & { id: number }

export type PathsNeeds = {
  listSamplesAfter: (at: { epoch: number; after: number; limit: number }) => Promise<Stored[]>
  listOldSamplesBefore: (at: { epoch: number; limit: number }) => Promise<Stored[]>
  /** Up to an id; by default all. */
  removeSamples: (upTo?: number) => Promise<void>
}

const BATCH = 5_000
/** Of earlier routings: enough to know how often the old path fails. */
const KNOWN = 2_000
/** So many samples stay for the next daemon; a watch may last for weeks. */
const KEPT = 50_000
/** Before so many requests by each path a comparison seldom knows that nothing is worse. */
const ENOUGH = 100

/** A comparison after the other, as long as the same routing is in force. */
type Running = {
  epoch: number
  after: number
  comparison: ReturnType<typeof createComparison>
  /** What the last one came to. */
  last: Comparison | undefined
  count: number
  /** The newest requests of the old path. */
  old: Sample[]
}

export type PathWatch = ReturnType<typeof createPathWatch>

/**
 * Compares the two paths by the samples of the routing that is in force: another one begins anew. All of it comes from the
 * database, so that another daemon comes to the same result. After the last look another comparison begins, since what
 * goes well today may go wrong tomorrow; until it has seen enough, the one before is what is known.
 */
export const createPathWatch = (needs: PathsNeeds) => {
  let running: Running | undefined
  const begin = async (epoch: number, toleranceMs: number): Promise<Running> => {
    const old = (await needs.listOldSamplesBefore({ epoch, limit: KNOWN })).map(toSample)
    return { epoch, after: 0, comparison: createComparison({ toleranceMs, known: old }), last: undefined, count: 0, old } // prettier-ignore
  }
  const take = (now: Running, row: Stored, toleranceMs: number): void => {
    const sample = toSample(row)
    now.after = row.id
    if (sample.arm === 'old') now.old.push(sample)
    if (now.old.length > 2 * KNOWN) now.old = now.old.slice(-KNOWN)
    if (now.comparison.add(sample) === 'worse' || !now.comparison.isOver()) return
    now.last = now.comparison.state()
    now.count += 1
    now.comparison = createComparison({ toleranceMs, known: now.old.slice(-KNOWN), before: now.count }) // prettier-ignore
  }
  return {
    /** Takes what is new. */
    read: async (epoch: number, toleranceMs: number): Promise<Comparison> => {
      const now = running?.epoch === epoch ? running : await begin(epoch, toleranceMs)
      running = now
      const before = now.after
      for (;;) {
        const rows = await needs.listSamplesAfter({ epoch, after: now.after, limit: BATCH })
        for (const row of rows) take(now, row, toleranceMs)
        if (rows.length < BATCH) break
      }
      if (Math.floor(now.after / KEPT) > Math.floor(before / KEPT))
        await needs.removeSamples(now.after - KEPT)
      return knownOf(now)
    },
    /** What was known last of a routing; of another one it says nothing. */
    state: (epoch: number): Comparison | undefined =>
      running?.epoch === epoch ? knownOf(running) : undefined,
  }
}

const knownOf = ({ comparison, last }: Running): Comparison => {
  const now = comparison.state()
  return last === undefined || now.decision === 'worse' || now.lookedAt >= ENOUGH ? now : last
}

const share = (value: number): string => `${(value * 100).toFixed(1)} %`

/** The figures in a sentence. */
export const describe = ({ requests, latency, tails, errors }: Comparison): string => {
  const rate = ({ errors: failed, requests: all, faults }: Count) =>
    `${failed} of ${all}${all > 0 ? ` (${[share(failed / all), ...Object.entries(faults).map(([fault, count]) => `${fault} ${count}`)].join(', ')})` : ''}` // prettier-ignore
  const parts = [
    `${requests} requests by each path`,
    `errors: old ${rate(errors.old)}, new ${rate(errors.new)}, ${errors.verdict}`,
    ...(latency ? [`latency × ${latency.factor.toFixed(2)} (z ${latency.z.toFixed(1)}), ${latency.verdict}`] : []), // prettier-ignore
    ...(tails ? [`slow requests: ${tails.slow}, expected ${tails.expected.toFixed(1)} (z ${tails.z.toFixed(1)}), ${tails.verdict}`] : []), // prettier-ignore
  ]
  return parts.join('; ')
}

export const viewOf = (comparison: Comparison): ComparisonView => ({
  ...comparison,
  latency: comparison.latency ?? null,
  tails: comparison.tails ?? null,
})
