import { AppError } from '../base/errors.ts'

/** Something that waits for the head of an answer. */
export type Waiting = { giveUp(error: AppError): void }

export type AnswerDeadline = {
  begin: (waiting: Waiting) => void
  end: (waiting: Waiting) => void
}

/** A tool call may work for minutes before its answer begins; whoever waits longer than this waits for nothing. */
const DEADLINE_MS = 5 * 60_000

/** Gives up requests whose answer does not begin; once it has begun, it may take as long as it likes. */
export const createAnswerDeadline = (deadlineMs = DEADLINE_MS): AnswerDeadline => {
  const begunAt = new Map<Waiting, number>()
  // One timer for all: thousands of requests come and go.
  let timer: NodeJS.Timeout | undefined
  const sweep = (): void => {
    const now = Date.now()
    for (const [waiting, at] of begunAt) {
      if (now - at < deadlineMs) break // they are in order
      begunAt.delete(waiting)
      waiting.giveUp(tooLate())
    }
    if (begunAt.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    begin: (waiting) => {
      begunAt.set(waiting, Date.now())
      timer ??= setInterval(sweep, deadlineMs / 60).unref()
    },
    end: (waiting) => void begunAt.delete(waiting),
  }
}

const tooLate = (): AppError =>
  new AppError('service_timeout', 'The service did not begin to answer in time.')
