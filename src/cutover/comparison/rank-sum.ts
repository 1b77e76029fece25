import type { Stratum } from './strata.ts'

/**
 * The Mann–Whitney test over strata (van Elteren): how far the new values lie above the old ones, each compared within its
 * own stratum, as a standard normal deviate. 0 when there is nothing to compare.
 */
export const rankSumZ = (strata: readonly Stratum[]): number => {
  let sum = 0
  let variance = 0
  for (const { old, new: now } of strata) {
    // The weight that serves best where all strata are shifted alike.
    const weight = 1 / (old.length + now.length + 1)
    sum += weight * (countAbove(old, now) - (old.length * now.length) / 2)
    variance += (weight * old.length * now.length) / 12
  }
  return variance === 0 ? 0 : sum / Math.sqrt(variance)
}

/** In how many of all pairs of an old and a new value the new one is greater; equal ones count half. */
const countAbove = (old: readonly number[], now: readonly number[]): number => {
  const sorted = Float64Array.from(old).sort()
  let [count, below, upTo] = [0, 0, 0]
  for (const value of Float64Array.from(now).sort()) {
    while ((sorted[below] ?? Infinity) < value) below += 1
    upTo = Math.max(upTo, below)
    while (sorted[upTo] === value) upTo += 1
    count += (below + upTo) / 2
  }
  return count
}
