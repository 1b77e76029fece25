import type { Fault } from '../../model/cutover-sample.ts'
import { createFailingSince } from './failing-since.ts'
import { ALTERNATIVES, logMean, logRatio, MARGIN } from './likelihood.ts'
import type { Sample, TestVerdict } from './sample.ts'

/** The ratio at which the new path is worse: by chance one comparison in 1,000 reaches it at most (Ville's inequality). */
const WORSE = Math.log(1_000)
/** The ratio at which an additional share of the margin is ruled out. */
const NOT_WORSE = -Math.log(20)
/** A path that fails this often says nothing about the other one. */
const HOPELESS = 0.5
/** However well the old path did so far: one error after a thousand good requests says little. */
const LEAST = 0.01
/** What is assumed before anything is known of the old path. */
const PRIOR = { errors: 0.75, requests: 25 }
/** So many requests of its own count as much as what is known of all. */
const SERVICE_WEIGHT = 20
const INSTANCE_WEIGHT = 3
/** Instances whose own errors are remembered; those beyond count as any of their service. */
const MAX_INSTANCES = 50_000

export type Count = { errors: number; requests: number; faults: Partial<Record<Fault, number>> }

export type ErrorFigures = {
  verdict: TestVerdict
  old: Count
  new: Count
  /** How much likelier the errors are under the alternative that fits best. */
  ratio: number
}

/**
 * A sequential ratio test with every request: how much likelier the new path's errors are if 5 (10, 25, 50) of 100 more
 * fail than by the old one; from the beginning, and since any moment. What the old path does is learnt from its requests, by service and by instance: a key that the API
 * refuses fails by both.
 *
 * @param strictness natural logarithm of how many times rarer than usual it may be wrong
 */
export const createErrorTest = (strictness = 0) => {
  const totals = { old: newCount(), new: newCount() }
  const usual = createUsual(totals.old)
  const ratios = ALTERNATIVES.map(() => 0)
  const since = createFailingSince(strictness)
  let margin = 0
  let verdict: TestVerdict = 'unclear'

  const weigh = (sample: Sample): void => {
    const isError = sample.fault !== null
    const likely = Math.max(LEAST, usual.of(sample))
    if (likely > HOPELESS) return
    const spread = Math.sqrt((likely * (1 - likely)) / (totals.old.requests + 1))
    const allowed = ALTERNATIVES.map(({ doubt }) => likely + doubt * spread)
    for (const [index, { more }] of ALTERNATIVES.entries()) {
      const share = allowed[index] ?? likely
      ratios[index] = (ratios[index] ?? 0) + logRatio(isError, share + more, share)
    }
    since.weigh(isError, allowed)
    margin += logRatio(isError, likely + MARGIN, likely)
    if (logMean(ratios) > WORSE + strictness) verdict = 'worse'
    if (verdict === 'worse') return
    verdict = margin < NOT_WORSE && !since.isDoubtful() ? 'not worse' : 'unclear'
  }
  return {
    add: (sample: Sample): void => {
      if (sample.arm === 'old') {
        usual.learn(sample)
        if (since.confirm(sample.fault !== null)) verdict = 'worse'
      } else weigh(sample)
      note(totals[sample.arm], sample)
    },
    verdict: (): TestVerdict => verdict,
    figures: (): ErrorFigures => ({
      verdict,
      old: copyOf(totals.old),
      new: copyOf(totals.new),
      ratio: Math.exp(Math.max(...ratios)),
    }),
  }
}

/** What share of errors the old path would have: of an instance, drawn towards its service, drawn towards all. */
const createUsual = (all: Count) => {
  const services = new Map<string, Count>()
  const instances = new Map<string, Count>()
  return {
    of: ({ service, instance }: Sample): number => {
      const ofAll = (all.errors + PRIOR.errors) / (all.requests + PRIOR.requests)
      const ofService = shrink(services.get(service), ofAll, SERVICE_WEIGHT)
      return shrink(instances.get(instance), ofService, INSTANCE_WEIGHT)
    },
    learn: (sample: Sample): void => {
      note(countOf(services, sample.service), sample)
      if (instances.size < MAX_INSTANCES || instances.has(sample.instance))
        note(countOf(instances, sample.instance), sample)
    },
  }
}

const newCount = (): Count => ({ errors: 0, requests: 0, faults: {} })

const copyOf = (count: Count): Count => ({ ...count, faults: { ...count.faults } })

const countOf = (counts: Map<string, Count>, key: string): Count => {
  const known = counts.get(key) ?? newCount()
  counts.set(key, known)
  return known
}

const note = (count: Count, { fault }: Sample): void => {
  count.requests += 1
  if (fault === null) return
  count.errors += 1
  count.faults[fault] = (count.faults[fault] ?? 0) + 1
}

const shrink = (own: Count | undefined, rest: number, weight: number): number =>
  own ? (own.errors + weight * rest) / (own.requests + weight) : rest
