import { messageOf } from '../base/errors.ts'
import type { CutoverOutcome } from '../model/cutover.ts'
import type { Book } from './book.ts'
import type { CutoverNeeds, Stored } from './needs.ts'

export type Ending = ReturnType<typeof createEnding>

/** How a cutover ends, well or not. */
export const createEnding = (needs: CutoverNeeds, { save }: Pick<Book, 'save'>) => {
  /** Everything back to the old server first; what takes time comes after. */
  const begin = async (cutover: Stored, outcome: CutoverOutcome, reason: string) => {
    const saved = await save(cutover, { ending: { outcome, reason } })
    const percent = outcome === 'finished' ? 100 : 0
    await needs.changeRouting({ percent, users: {}, services: {}, comparing: false, notice: null })
    if (outcome === 'reverted') needs.log.error('cutover reverted', { reason })
    const type = outcome === 'finished' ? 'cutover.step' : 'cutover.reverted'
    needs.recordEvent({ type, message: `Cutover ${cutover.id} ${outcome}: ${reason}`, data: { cutover: cutover.id, step: cutover.state.step, outcome } }) // prettier-ignore
    return saved
  }

  /** May be done twice: by a daemon that was killed, and by the next. */
  const carryOut = async (cutover: Stored): Promise<void> => {
    const { ending, hasStopped } = cutover.state
    if (ending === null) return
    const percent = ending.outcome === 'finished' ? 100 : 0
    const now = await needs.readRouting()
    if (now.percent !== percent || now.comparing)
      await needs.changeRouting({ percent, users: {}, services: {}, comparing: false, notice: null }) // prettier-ignore
    let problem: string | null = null
    if (hasStopped && ending.outcome !== 'finished')
      await needs.runHook('start').catch((error: unknown) => {
        problem = `the command of the way back failed, run it by hand: ${messageOf(error)}`
        const { id, state } = cutover
        needs.log.error('cutover: the way back is not complete', { reason: problem })
        needs.recordEvent({ type: 'cutover.reverted', message: `Cutover ${id}: ${problem}`, data: { cutover: id, step: state.step, outcome: ending.outcome } }) // prettier-ignore
      })
    await needs.removeSamples()
    await save(cutover, { problem }, true)
  }
  return { begin, carryOut }
}
