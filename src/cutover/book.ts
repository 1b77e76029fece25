import { AppError } from '../base/errors.ts'
import { percentOf, type CutoverState } from '../model/cutover.ts'
import type { CutoverNeeds, Stored } from './needs.ts'
import { held } from './steps.ts'

export type Book = ReturnType<typeof createBook>

/** Where the walk stands, as the database has it. */
export const createBook = (needs: CutoverNeeds) => {
  /** @throws AppError `cutover_held` when another process has changed it meanwhile */
  const save = async (cutover: Stored, change: Partial<CutoverState>, hasEnded = false): Promise<Stored> => {
    const state = { ...cutover.state, ...change }
    if (!(await needs.update({ ...cutover, state }, hasEnded)))
      throw held('The cutover was changed elsewhere at the same moment; try again.')
    return { ...cutover, state, version: cutover.version + 1 }
  } // prettier-ignore

  const running = async (): Promise<Stored> => {
    const cutover = await needs.find()
    if (cutover?.endedAt === null && cutover.state.ending === null) return cutover
    throw new AppError('cutover_none', 'No cutover is under way; begin one with: berth cutover start')
  } // prettier-ignore

  const tell = ({ id, state }: Stored): void => {
    const share = state.step === 'routing' ? ` (${percentOf(state)} %)` : ''
    const message = `Cutover ${id}: ${state.step}${share}.`
    const data = { cutover: id, step: state.step, percent: percentOf(state) }
    needs.recordEvent({ type: 'cutover.step', message, data })
  }

  /** The state has it first: a daemon that is killed in between loses the telling, not the fact. */
  const tellSkipped = async ({ id, state }: Stored): Promise<void> => {
    const reason = `the stop hook failed and was skipped by the operator: ${state.skippedHook}`
    const data = { cutover: id, step: 'hooks', percent: 0, skipped: state.skippedHook }
    needs.recordEvent({ type: 'cutover.step', message: `Cutover ${id}: ${reason}`, data })
    await needs.addDecision({ cutoverId: id, step: 'hooks', percent: 0, decision: 'skipped', reason, figures: {} }) // prettier-ignore
  }
  return { save, running, tell, tellSkipped }
}
