import { AppError } from '../base/errors.ts'
import { CUTOVER_STEPS, type CutoverState, type CutoverStep } from '../model/cutover.ts'
import type { Book } from './book.ts'
import type { Comparison } from './comparison/comparison.ts'
import type { Ending } from './ending.ts'
import type { CutoverNeeds, Stored } from './needs.ts'
import { createSteps, held } from './steps.ts'
import { describe, type PathWatch } from './watch-paths.ts'

/** Steps in which requests go both ways, so that a worse path is gone back from. */
const ROUTED: readonly CutoverStep[] = ['routing', 'healthy', 'endpoints', 'watch']

type Parts = { book: Book; ending: Ending; paths: PathWatch }

/** The moves from step to step. */
export const createWalk = (needs: CutoverNeeds, { book, ending, paths }: Parts) => {
  const { save, tell } = book
  const steps = createSteps(needs)
  const compare = createCompare(needs, paths)

  const carryOut = async (cutover: Stored): Promise<Stored> => {
    const noted = cutover.state.step === 'hooks' ? await save(cutover, { hasStopped: true }) : cutover // prettier-ignore
    const result = await steps.carryOut(noted.state)
    if (result.kind === 'done') {
      const done = await save(noted, { isDone: true, problem: null })
      tell(done)
      return done
    }
    const { kind, problem } = result
    if (kind === 'wait' && noted.state.problem === problem) return noted
    return save(noted, { problem, isStuck: kind === 'failed' })
  }

  const nextFrom = async (cutover: Stored): Promise<Stored> => {
    const { step: now, stage, percents } = cutover.state
    if (now === 'routing' && stage < percents.length - 1)
      return save(cutover, { stage: stage + 1, isDone: false })
    const step = CUTOVER_STEPS[CUTOVER_STEPS.indexOf(now) + 1]
    if (step === undefined) throw held('This is the last step; end it with: berth cutover finish')
    const fault = await steps.check(step)
    if (fault !== undefined) throw held(`${step} cannot begin: ${fault}`)
    return save(cutover, { step, isDone: false, problem: null })
  }

  const advanceFrom = async (cutover: Stored, isForced: boolean): Promise<Stored> => {
    const { state } = cutover
    if (state.isStuck) return save(cutover, { isStuck: false, problem: null })
    const obstacle = obstacleOf(state, await compare(cutover))
    if (obstacle !== undefined && (!isForced || !state.isDone)) throw held(obstacle)
    return nextFrom(cutover)
  }

  const goOn = async (cutover: Stored): Promise<void> => {
    const { isDone, isStuck, step, isAutomatic } = cutover.state
    if (!isDone && !isStuck) await carryOut(cutover)
    if (!isDone || !isAutomatic || step === 'watch') return
    await advanceFrom(cutover, false).catch(unlessHeld)
  }

  const move = async (): Promise<void> => {
    const cutover = await needs.find()
    if (!cutover || cutover.endedAt !== null) return
    if (cutover.state.ending !== null) return ending.carryOut(cutover)
    const known = await compare(cutover)
    if (known?.decision === 'worse' && ROUTED.includes(cutover.state.step))
      return ending.carryOut(await ending.begin(cutover, 'reverted', describe(known)))
    await goOn(cutover)
  }

  return { move, advanceFrom, compare, check: steps.check }
}

const unlessHeld = (error: unknown): void => {
  if (!(error instanceof AppError) || error.code !== 'cutover_held') throw error
}

/** Why the next move must not be made yet. */
export const obstacleOf = (
  state: CutoverState,
  known: Comparison | undefined,
): string | undefined => {
  if (!state.isDone) return `${state.step} is not done: ${state.problem ?? 'it has just begun'}`
  const percent = state.percents[state.stage] ?? 0
  if (!ROUTED.includes(state.step) || percent >= 100 || known?.decision === 'not worse')
    return undefined
  return known === undefined ? 'No request was compared yet.' : whatIsUnclear(known, percent)
}

const whatIsUnclear = (known: Comparison, percent: number): string =>
  isShareUnused(known)
    ? `Nothing has come by the new path beside ${known.errors.old.requests} requests by the old one: ${percent} % of the instances may hold none that is used. Go on without a comparison at this share: berth cutover advance --force`
    : `It is not known yet that the new path is no worse: ${describe(known)}.`

/** By then one request in a hundred would have shown. */
const ENOUGH_BESIDE = 500

const isShareUnused = ({ errors }: Comparison): boolean =>
  errors.new.requests === 0 && errors.old.requests >= ENOUGH_BESIDE

const createCompare = (needs: CutoverNeeds, paths: PathWatch) => {
  const decided = { epoch: -1, at: -1, decision: '' }
  return async ({ id, state }: Stored): Promise<Comparison | undefined> => {
    const { epoch, comparing, percent } = await needs.readRouting()
    if (!comparing) return undefined
    const found = await paths.read(epoch, state.toleranceMs)
    const isNews = decided.epoch !== epoch || decided.at !== found.lookedAt || decided.decision !== found.decision // prettier-ignore
    Object.assign(decided, { epoch, at: found.lookedAt, decision: found.decision })
    if (isNews && found.requests > 0)
      await needs.addDecision({ cutoverId: id, step: state.step, percent, decision: found.decision, reason: describe(found), figures: found }) // prettier-ignore
    return found
  }
}
