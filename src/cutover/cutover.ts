import type { Beginning, CutoverState } from '../model/cutover.ts'
import { createBook } from './book.ts'
import { createEnding } from './ending.ts'
import type { CutoverNeeds } from './needs.ts'
import { obstacleOf } from './obstacles.ts'
import { held } from './steps.ts'
import { createWalk } from './walk.ts'
import { createPathWatch } from './watch-paths.ts'

/** The walk from the older model to this one, one move at a time; its state is in the database alone. */
export const createCutover = (given: CutoverNeeds) => {
  let hurry = new AbortController()
  const runHook: CutoverNeeds['runHook'] = (which) =>
    given.runHook(which, which === 'stop' ? hurry.signal : undefined)
  const needs = { ...given, runHook }
  const book = createBook(needs)
  const ending = createEnding(needs, book)
  const paths = createPathWatch(needs)
  const walk = createWalk(needs, { book, ending, paths })
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
  const start = async ({ isAutomatic, notice }: Beginning): Promise<void> => {
    const { percents, toleranceMs, toolErrors } = needs.settings()
    const fault = await walk.check('announce')
    if (fault !== undefined) throw held(fault)
    await needs.removeSamples()
    const state: CutoverState = { step: 'announce', isDone: false, problem: null, isStuck: false, percents, stage: 0, toleranceMs, toolErrors, isAutomatic, notice, hasStopped: false, skippedHook: null, ending: null } // prettier-ignore
    if (!(await needs.insert(state))) throw held('A cutover is under way already.')
    await walk.move()
  }
  return {
    /** Does what is to be done now. */
    move: (): Promise<void> => inTurn(walk.move),
    /** @throws AppError `cutover_held`, `config_invalid` */
    start: (beginning: Beginning): Promise<void> => inTurn(() => start(beginning)),
    /** @throws AppError `cutover_held`, `cutover_none` */
    advance: (isForced: boolean): Promise<void> =>
      inTurn(async () => {
        await walk.advanceFrom(await book.running(), isForced)
      }),
    /** Resolves when the old server serves everything again. @throws AppError `cutover_none` */
    abort: (): Promise<void> => {
      // A command that hangs would keep the way back waiting.
      hurry.abort()
      return inTurn(async () => {
        hurry = new AbortController()
        await ending.begin(await book.running(), 'aborted', 'by the operator')
      })
    },
    /** @throws AppError `cutover_held`, `cutover_none` */
    finish: (isForced: boolean): Promise<void> =>
      inTurn(async () => {
        const cutover = await book.running()
        if (cutover.state.step !== 'watch') throw held(`The cutover is at ${cutover.state.step}; it can be finished at watch.`) // prettier-ignore
        const obstacle = obstacleOf(cutover.state, await walk.compare(cutover))
        if (obstacle !== undefined && !isForced) throw held(obstacle)
        await ending.carryOut(await ending.begin(cutover, 'finished', 'the shared fleet serves all that was moved')) // prettier-ignore
      }),
    comparison: paths.state,
  }
}
