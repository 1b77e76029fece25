import type { ComparisonView } from '../model/cutover.ts'
import { createComparison, type Comparison } from './comparison/comparison.ts'
import { toSample, type SampleRow } from './findings.ts'

type Stored = SampleRow & { id: number }

export type PathsNeeds = {
  listSamplesAfter: (at: { epoch: number; after: number; limit: number }) => Promise<Stored[]>
  listOldSamplesBefore: (at: { epoch: number; limit: number }) => Promise<Stored[]>
}

const BATCH = 5_000
/** Of earlier routings: enough to know how often the old path fails. */
const KNOWN = 2_000

type Running = { epoch: number; after: number; comparison: ReturnType<typeof createComparison> }

export type PathWatch = ReturnType<typeof createPathWatch>

/**
 * Compares the two paths by the samples of the routing that is in force: another one begins anew. All of it comes from the
 * database, so that another daemon comes to the same result.
 */
export const createPathWatch = (needs: PathsNeeds) => {
  let running: Running | undefined
  const begin = async (epoch: number, toleranceMs: number): Promise<Running> => {
    const known = (await needs.listOldSamplesBefore({ epoch, limit: KNOWN })).map(toSample)
    return { epoch, after: 0, comparison: createComparison({ toleranceMs, known }) }
  }
  return {
    /** Takes what is new. */
    read: async (epoch: number, toleranceMs: number): Promise<Comparison> => {
      const now = running?.epoch === epoch ? running : await begin(epoch, toleranceMs)
      running = now
      for (;;) {
        const rows = await needs.listSamplesAfter({ epoch, after: now.after, limit: BATCH })
        for (const row of rows) {
          now.comparison.add(toSample(row))
          now.after = row.id
        }
        if (rows.length < BATCH) return now.comparison.state()
      }
    },
    /** What was known last. */
    state: (): Comparison | undefined => running?.comparison.state(),
  }
}

const share = (value: number): string => `${(value * 100).toFixed(1)} %`

/** The figures in a sentence. */
export const describe = ({ requests, latency, tails, errors }: Comparison): string => {
  const rate = ({ errors: failed, requests: all }: { errors: number; requests: number }) =>
    `${failed} of ${all}${all > 0 ? ` (${share(failed / all)})` : ''}`
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
