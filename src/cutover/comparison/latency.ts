import { NOT_WORSE_Z, type Look } from './looks.ts'
import { rankSumZ } from './rank-sum.ts'
import type { TestVerdict } from './sample.ts'
import type { Stratum } from './strata.ts'

/** So many times the old latency is not accepted. */
const FACTOR = 1.2
/** Half of it by logarithm: what lies below is a difference, but not one to go back for. */
const MARGIN = Math.log(FACTOR) / 2

export type LatencyFigures = {
  verdict: TestVerdict
  /** The new path's latency over the old one's: geometric means, within each service. */
  factor: number
  z: number
}

/**
 * Whether the new path is slower. `worse`: the ranks say that it is slower at all, beyond this look's bound, and the means
 * differ by more than the margin. `not worse`: the ranks say that it is less than 1.2 times as slow.
 */
export const judgeLatency = (strata: readonly Stratum[], look: Look): LatencyFigures => {
  const excess = meanExcess(strata)
  const z = rankSumZ(strata)
  const lowered = strata.map(({ old, new: now }) => ({ old, new: now.map((ms) => ms / FACTOR) }))
  const isWorse = z > look.latencyZ && excess > MARGIN
  const verdict = rankSumZ(lowered) < -NOT_WORSE_Z ? 'not worse' : isWorse ? 'worse' : 'unclear'
  return { verdict, factor: Math.exp(excess), z }
}

/** The difference of the mean logarithms, services weighed by how exactly it is known of them. */
const meanExcess = (strata: readonly Stratum[]): number => {
  let sum = 0
  let weights = 0
  for (const { old, new: now } of strata) {
    const weight = (old.length * now.length) / (old.length + now.length)
    sum += weight * (meanLog(now) - meanLog(old))
    weights += weight
  }
  return weights === 0 ? 0 : sum / weights
}

const meanLog = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + Math.log(value), 0) / values.length
