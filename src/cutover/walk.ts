import { AppError } from '../base/errors.ts'
import { CUTOVER_STEPS, percentOf } from '../model/cutover.ts'
import type { Book } from './book.ts'
import type { Comparison } from './comparison/comparison.ts'
import type { Ending } from './ending.ts'
import type { CutoverNeeds, Stored } from './needs.ts'
import { isShareUnused, obstacleOf, ROUTED, whatIsUnused } from './obstacles.ts'
import { createSteps, held, type Steps } from './steps.ts'
import { describe, type PathWatch } from './watch-paths.ts'

const TRIED_AGAIN = { isStuck: false, problem: null }

type Parts = { book: Book; ending: Ending; paths: PathWatch }

/** The moves from step to step. */
export const createWalk = (needs: CutoverNeeds, { book, ending, paths }: Parts) => {
  const { save } = book
  const steps = createSteps(needs)
  const compare = createCompare(needs, paths)

  const carryOut = createCarryOut(book, steps)

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

  /** Only the operator's command can be stuck. */
  const passHook = async (cutover: Stored): Promise<Stored> => {
    const skippedHook = cutover.state.problem
    const passed = await nextFrom({ ...cutover, state: { ...cutover.state, ...TRIED_AGAIN, skippedHook } }) // prettier-ignore
    await book.tellSkipped(passed)
    return passed
  }

  const advanceFrom = async (cutover: Stored, isForced: boolean): Promise<Stored> => {
    const { state } = cutover
    if (state.isStuck) return isForced ? passHook(cutover) : save(cutover, TRIED_AGAIN)
    const known = await compare(cutover)
    const obstacle = obstacleOf(state, known)
    if (obstacle !== undefined && (!isForced || !state.isDone)) throw held(obstacle)
    if (known && state.step === 'routing' && isShareUnused(known))
      await noteUnused(needs, cutover, known)
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

/** Does what the step of a cutover does. */
const createCarryOut =
  ({ save, tell }: Book, steps: Steps) =>
  async (cutover: Stored): Promise<Stored> => {
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

/** The decisions tell of each share why it was left. */
const noteUnused = ({ addDecision }: CutoverNeeds, { id, state }: Stored, figures: Comparison) => {
  const percent = percentOf(state)
  return addDecision({ cutoverId: id, step: state.step, percent, decision: 'unused', reason: whatIsUnused(figures, percent), figures }) // prettier-ignore
}

const unlessHeld = (error: unknown): void => {
  if (!(error instanceof AppError) || error.code !== 'cutover_held') throw error
}

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
