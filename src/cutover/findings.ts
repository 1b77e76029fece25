import type { SampleRow } from '../model/cutover-sample.ts'
import type { OldRouting } from '../model/old-routing.ts'
import { createErrorTest } from './comparison/error-ratio.ts'
import type { Sample } from './comparison/sample.ts'

/** What of the old path's requests is kept, for the next epoch's test. */
const KEPT = 500

export const toSample = ({ isNew, service, instanceId, latencyMs, fault }: SampleRow): Sample => ({
  arm: isNew ? 'new' : 'old',
  service,
  instance: instanceId,
  latencyMs,
  fault,
})

/** The daemon judges over all gateways; if it has not gone back by then, requests may show more. */
const VALID_MS = 5_000

/**
 * A gateway's own watch over errors: it stops sending requests to a fleet that fails as soon as its own requests say so,
 * without waiting for the database and the daemon.
 */
export const createFindings = (now: () => number = Date.now) => {
  let old: Sample[] = []
  let test = createErrorTest()
  let epoch = -1
  let foundUntil = 0
  const begin = (next: number): void => {
    epoch = next
    test = createErrorTest()
    for (const sample of old.slice(-KEPT)) test.add(sample)
  }
  return {
    add: (row: SampleRow): 'found' | undefined => {
      if (row.epoch < epoch) return undefined
      if (row.epoch > epoch) begin(row.epoch)
      const sample = toSample(row)
      if (sample.arm === 'old') old.push(sample)
      if (old.length > 2 * KEPT) old = old.slice(-KEPT) // seldom: requests wait for this
      test.add(sample)
      if (test.verdict() !== 'worse') return undefined
      begin(epoch)
      foundUntil = now() + VALID_MS
      return 'found'
    },
    /** The routing as this process follows it: the one that it found to fail, no more. */
    correct: (routing: OldRouting): OldRouting =>
      routing.epoch === epoch && now() < foundUntil ? { ...routing, percent: 0 } : routing,
  }
}
