import { percentOf, type CutoverState, type CutoverStep } from '../model/cutover.ts'
import type { Comparison } from './comparison/comparison.ts'
import { describe } from './watch-paths.ts'

/** Steps in which requests go both ways, so that a worse path is gone back from. */
export const ROUTED: readonly CutoverStep[] = ['routing', 'healthy', 'endpoints', 'watch']

/** Why the next move must not be made yet. */
export const obstacleOf = (
  state: CutoverState,
  known: Comparison | undefined,
): string | undefined => {
  if (!state.isDone) return `${state.step} is not done: ${state.problem ?? 'it has just begun'}`
  const percent = percentOf(state)
  if (!ROUTED.includes(state.step) || percent >= 100) return undefined
  return known ? whatIsUnclear(state, known) : 'No request was compared yet.'
}

const whatIsUnclear = (state: CutoverState, known: Comparison): string | undefined => {
  if (known.decision === 'not worse') return undefined
  if (!isShareUnused(known))
    return `It is not known yet that the new path is no worse: ${describe(known)}.`
  if (isLargerNext(state)) return undefined
  return `${whatIsUnused(known, percentOf(state))} Go on without a comparison at this share: berth cutover advance --force`
}

/** Nothing can be learnt at a share whose instances nobody uses; a larger one, that is compared too, holds more of them. */
const isLargerNext = ({ step, percents, stage }: CutoverState): boolean =>
  step === 'routing' && (percents[stage + 1] ?? 100) < 100

export const whatIsUnused = ({ errors }: Comparison, percent: number): string =>
  `Nothing has come by the new path beside ${errors.old.requests} requests by the old one: ${percent} % of the instances may hold none that is used.`

/** By then one request in a hundred would have shown. */
const ENOUGH_BESIDE = 500

export const isShareUnused = ({ errors }: Comparison): boolean =>
  errors.new.requests === 0 && errors.old.requests >= ENOUGH_BESIDE
