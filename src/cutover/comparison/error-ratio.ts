import type { Sample, TestVerdict } from './sample.ts'

/** The additional share of errors that is not accepted. */
const MARGIN = 0.05

/**
 * What is held against `no more errors`: small differences take many requests, great ones few. Half of what the test may
 * err by is for the greatest, which shall be found at once. `doubt`: how many standard errors the old path may be worse than
 * it has looked so far; an unlucky beginning would mislead the small ones.
 */
const ALTERNATIVES = [
  { more: 0.5, weight: 0.5, doubt: 0 },
  { more: 0.25, weight: 0.2, doubt: 1 },
  { more: 0.1, weight: 0.15, doubt: 2 },
  { more: MARGIN, weight: 0.15, doubt: 2 },
]
/** The ratio at which the new path is worse: by chance one comparison in 500 reaches it at most (Ville's inequality). */
const WORSE = Math.log(500)
/** The ratio at which an additional share of the margin is ruled out. */
const NOT_WORSE = -Math.log(20)
/** A path that fails this often says nothing about the other one. */
const HOPELESS = 0.5
const MOST = 0.99
/** However well the old path did so far: one error after a thousand good requests says little. */
const LEAST = 0.01
/** What is assumed before anything is known of the old path. */
const PRIOR = { errors: 0.75, requests: 25 }
/** So many requests of its own count as much as what is known of all. */
const SERVICE_WEIGHT = 20
const INSTANCE_WEIGHT = 3
/** Instances whose own errors are remembered; those beyond count as any of their service. */
const MAX_INSTANCES = 50_000

type Count = { errors: number; requests: number }

export type ErrorFigures = {
  verdict: TestVerdict
  old: Count
  new: Count
  /** How much likelier the errors are under the alternative that fits best. */
  ratio: number
}

/**
 * A sequential ratio test with every request: how much likelier the new path's errors are if 5 (10, 25, 50) of 100 more
 * fail than by the old one. What the old path does is learnt from its requests, by service and by instance: a key that the
 * API refuses fails by both.
 */
export const createErrorTest = () => {
  const totals = { old: newCount(), new: newCount() }
  const usual = createUsual(totals.old)
  const ratios = ALTERNATIVES.map(() => 0)
  let margin = 0
  let verdict: TestVerdict = 'unclear'

  const weigh = (sample: Sample): void => {
    const likely = Math.max(LEAST, usual.of(sample))
    if (likely > HOPELESS) return
    const spread = Math.sqrt((likely * (1 - likely)) / (totals.old.requests + 1))
    for (const [index, { more, doubt }] of ALTERNATIVES.entries()) {
      const allowed = Math.min(MOST, likely + doubt * spread)
      ratios[index] = (ratios[index] ?? 0) + logRatio(sample.isError, allowed + more, allowed)
    }
    margin += logRatio(sample.isError, likely + MARGIN, likely)
    if (logMean(ratios) > WORSE) verdict = 'worse'
    else if (verdict !== 'worse') verdict = margin < NOT_WORSE ? 'not worse' : 'unclear'
  }
  return {
    add: (sample: Sample): void => {
      if (sample.arm === 'old') usual.learn(sample)
      else weigh(sample)
      note(totals[sample.arm], sample)
    },
    verdict: (): TestVerdict => verdict,
    figures: (): ErrorFigures => ({
      verdict,
      old: { ...totals.old },
      new: { ...totals.new },
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

const newCount = (): Count => ({ errors: 0, requests: 0 })

const countOf = (counts: Map<string, Count>, key: string): Count => {
  const known = counts.get(key) ?? newCount()
  counts.set(key, known)
  return known
}

const note = (count: Count, { isError }: Sample): void => {
  count.requests += 1
  if (isError) count.errors += 1
}

const shrink = (own: Count | undefined, rest: number, weight: number): number =>
  own ? (own.errors + weight * rest) / (own.requests + weight) : rest

const logRatio = (isError: boolean, assumed: number, usual: number): number => {
  const bounded = Math.min(assumed, MOST)
  return isError ? Math.log(bounded / usual) : Math.log((1 - bounded) / (1 - usual))
}

/** The logarithm of the weighed mean of what the alternatives say. */
const logMean = (ratios: readonly number[]): number => {
  const greatest = Math.max(...ratios)
  const parts = ALTERNATIVES.map(({ weight }, index) => weight * Math.exp((ratios[index] ?? 0) - greatest)) // prettier-ignore
  return greatest + Math.log(parts.reduce((sum, one) => sum + one, 0))
}
