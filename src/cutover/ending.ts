import { messageOf } from '../base/errors.ts'
import type { CutoverOutcome } from '../model/cutover.ts'
import type { Book } from './book.ts'
import type { CutoverNeeds, Stored } from './needs.ts'

/** One way for everybody, and no notice. */
const routingAfter = (outcome: CutoverOutcome) => ({ percent: outcome === 'finished' ? 100 : 0, users: {}, services: {}, comparing: false, notice: null }) // prettier-ignore

export type Ending = ReturnType<typeof createEnding>

/** How a cutover ends, well or not. */
export const createEnding = (needs: CutoverNeeds, { save }: Pick<Book, 'save'>) => {
  /** Everything back to the old server first; what takes time comes after. */
  const begin = async (cutover: Stored, outcome: CutoverOutcome, reason: string) => {
    const saved = await save(cutover, { ending: { outcome, reason } })
    await needs.changeRouting(routingAfter(outcome))
    if (outcome === 'reverted') needs.log.error('cutover reverted', { reason })
    const type = outcome === 'finished' ? 'cutover.step' : 'cutover.reverted'
    needs.recordEvent({ type, message: `Cutover ${cutover.id} ${outcome}: ${reason}`, data: { cutover: cutover.id, step: cutover.state.step, outcome } }) // prettier-ignore
    return saved
  }

  /** May be done twice: by a daemon that was killed, and by the next. */
  const carryOut = async (cutover: Stored): Promise<void> => {
    const { ending, hasStopped } = cutover.state
    if (ending === null) return
    const wanted = routingAfter(ending.outcome)
    const now = await needs.readRouting()
    if (now.percent !== wanted.percent || now.comparing) await needs.changeRouting(wanted)
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
