import { createErrorTest, type ErrorFigures } from './error-ratio.ts'
import { judgeLatency, type LatencyFigures } from './latency.ts'
import { LOOKS, stricter } from './looks.ts'
import type { Sample } from './sample.ts'
import { createStrata } from './strata.ts'
import { judgeTails, type TailFigures } from './tails.ts'

export type Decision = 'worse' | 'not worse' | 'hold'

/** What is known of the two paths by now. */
export type Comparison = {
  decision: Decision
  /** Requests that could be compared, by the path that has fewer of them. */
  requests: number
  /** How many there were at the last look; 0 before the first. */
  lookedAt: number
  latency: LatencyFigures | undefined
  tails: TailFigures | undefined
  errors: ErrorFigures
}

type Options = {
  /** Added to every latency: what lies far below is no difference that anybody notices. */
  toleranceMs?: number
  random?: () => number
  /** What the old path did before: how often it fails is known by that, nothing else. */
  known?: readonly Sample[]
  /** How many comparisons of the same paths came before: each is wrong more rarely, so that all together stay bounded. */
  before?: number
}

/**
 * Compares the two paths while requests come in, in whatever order. Latency and tails are looked at after 50, 100, 200, 400
 * and 800 requests by each path, errors with every request. `worse` as soon as one test says so, and it stays; `not worse`
 * when all three say so, the first two at their last look; `hold` otherwise.
 */
export const createComparison = (options: Options = {}) => {
  const { toleranceMs = 0, random, known = [], before = 0 } = options
  const strictness = 2 * Math.log(before + 1)
  const errorTest = createErrorTest(strictness)
  for (const sample of known) errorTest.add(sample)
  const strata = createStrata(toleranceMs, random)
  let latency: LatencyFigures | undefined
  let tails: TailFigures | undefined
  let lookedAt = 0
  let looks = 0
  const seen = { old: 0, new: 0 }
  let decision: Decision = 'hold'

  const lookWhenDue = (): void => {
    const next = LOOKS[looks]
    if (next === undefined || Math.min(seen.old, seen.new) < next.requests) return
    if (strata.size() < next.requests) return
    looks += 1
    lookedAt = next.requests
    const [taken, look] = [strata.strata(), stricter(next, strictness)]
    latency = judgeLatency(taken, look)
    tails = judgeTails(taken, look)
  }
  const decide = (): Decision => {
    if (looks === 0) return errorTest.verdict() === 'worse' ? 'worse' : 'hold'
    const verdicts = [errorTest.verdict(), latency?.verdict, tails?.verdict]
    if (verdicts.includes('worse')) return 'worse'
    return verdicts.every((verdict) => verdict === 'not worse') ? 'not worse' : 'hold'
  }
  return {
    /** @returns the decision with this request */
    add: (sample: Sample): Decision => {
      if (decision === 'worse') return decision
      errorTest.add(sample)
      seen[sample.arm] += 1
      strata.add(sample)
      lookWhenDue()
      decision = decide()
      return decision
    },
    /** No more looks come. */
    isOver: (): boolean => looks === LOOKS.length,
    state: (): Comparison => ({
      decision,
      requests: strata.size(),
      lookedAt,
      latency,
      tails,
      errors: errorTest.figures(),
    }),
  }
}
