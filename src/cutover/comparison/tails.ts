import { NOT_WORSE_Z, type Look } from './looks.ts'
import type { TestVerdict } from './sample.ts'
import type { Stratum } from './strata.ts'

/** A request is slow when it takes longer than this many times the old path's 95th percentile. */
const FACTOR = 1.2
const QUANTILE = 0.95
/** A service with so many requests by the old path has a percentile of its own. */
const OWN_LIMIT = 100
/** So many more slow requests, as a share, are not accepted; half of it is the least to go back for. */
const MARGIN = 0.05

export type TailFigures = {
  verdict: TestVerdict
  /** How many of the new path's requests are slow, and how many would be if it were like the old one. */
  slow: number
  expected: number
  z: number
}

/** How many requests of each path there are, and how many of them are slow. */
type Table = { old: number; new: number; slowOld: number; slowNew: number }

/**
 * Whether the new path has more slow requests than the old one: the test of Mantel and Haenszel over services, each
 * measured in its own median, so that what is slow is slow for its service.
 */
export const judgeTails = (strata: readonly Stratum[], look: Look): TailFigures => {
  const scaled = strata.map(inMedians)
  const limit = limitOf(scaled.flatMap(({ old }) => old))
  const tables = scaled.map((stratum) =>
    tableOf(stratum, stratum.old.length < OWN_LIMIT ? limit : limitOf(stratum.old)),
  )
  const { z, slow, expected } = mantelHaenszel(tables)
  const { difference, error } = shareExcess(tables)
  const isWorse = z > look.tailZ && difference > MARGIN / 2
  const isNotWorse = difference + NOT_WORSE_Z * error < MARGIN
  return { verdict: isNotWorse ? 'not worse' : isWorse ? 'worse' : 'unclear', slow, expected, z }
}

const limitOf = (old: readonly number[]): number => FACTOR * quantile(old, QUANTILE)

const inMedians = ({ old, new: now }: Stratum): Stratum => {
  const median = quantile([...old, ...now], 0.5)
  return { old: old.map((ms) => ms / median), new: now.map((ms) => ms / median) }
}

const quantile = (values: readonly number[], share: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

const tableOf = ({ old, new: now }: Stratum, limit: number): Table => ({
  old: old.length,
  new: now.length,
  slowOld: old.filter((value) => value > limit).length,
  slowNew: now.filter((value) => value > limit).length,
})

const mantelHaenszel = (tables: readonly Table[]) => {
  let [slow, expected, variance] = [0, 0, 0]
  for (const table of tables) {
    const all = table.old + table.new
    const allSlow = table.slowOld + table.slowNew
    slow += table.slowNew
    expected += (table.new * allSlow) / all
    variance += (table.old * table.new * allSlow * (all - allSlow)) / (all * all * (all - 1))
  }
  return { slow, expected, z: variance === 0 ? 0 : (slow - expected) / Math.sqrt(variance) }
}

/** The difference of the shares and its standard error, services weighed as Mantel and Haenszel do. */
const shareExcess = (tables: readonly Table[]): { difference: number; error: number } => {
  let [sum, weights, variance] = [0, 0, 0]
  for (const table of tables) {
    const weight = (table.old * table.new) / (table.old + table.new)
    const [before, now] = [table.slowOld / table.old, table.slowNew / table.new]
    // Agresti and Caffo: without them few requests, none of them slow, would seem to be certainty.
    const [roughBefore, roughNow] = [(table.slowOld + 1) / (table.old + 2), (table.slowNew + 1) / (table.new + 2)] // prettier-ignore
    sum += weight * (now - before)
    weights += weight
    variance += weight ** 2 * ((roughBefore * (1 - roughBefore)) / table.old + (roughNow * (1 - roughNow)) / table.new) // prettier-ignore
  }
  return weights === 0 ? { difference: 0, error: 1 } : { difference: sum / weights, error: Math.sqrt(variance) / weights } // prettier-ignore
}
