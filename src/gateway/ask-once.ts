import { AppError } from '../base/errors.ts'

/** `isStale`: something was forgotten meanwhile, so the answer may be from before the change. */
type Asked<Answer> = { key: string; promise: Promise<Answer | undefined>; isStale: boolean }

type Needs<Question, Answer> = {
  find: (question: Question) => Promise<Answer | undefined>
  keyOf: (question: Question) => string
  detailOf: (question: Question) => string
  /** An answer that is not stale. */
  onAnswer: (question: Question, answer: Answer | undefined) => void
}

/** Questions under way: with a database that hangs, more would only wait. */
const MAX_UNDER_WAY = 1_000

/** Asks the same question once at a time. */
export const createAskOnce = <Question, Answer>(needs: Needs<Question, Answer>) => {
  const underWay = new Map<string, Asked<Answer>>()
  return {
    ask: (question: Question): Promise<Answer | undefined> => {
      const detail = needs.detailOf(question)
      const other = underWay.get(detail)
      if (other) return other.promise
      if (underWay.size >= MAX_UNDER_WAY) return Promise.reject(tooMany())
      const promise = needs
        .find(question)
        .then((answer) => {
          if (!asked.isStale) needs.onAnswer(question, answer)
          return answer
        })
        .finally(() => {
          if (underWay.get(detail) === asked) underWay.delete(detail)
        })
      const asked: Asked<Answer> = { key: needs.keyOf(question), promise, isStale: false }
      underWay.set(detail, asked)
      return promise
    },
    /** Whoever asks from now on gets an answer from after the change. */
    doubt: (isMeant: (key: string) => boolean): void => {
      for (const [detail, asked] of underWay) {
        if (!isMeant(asked.key)) continue
        asked.isStale = true
        underWay.delete(detail)
      }
    },
  }
}

const tooMany = (): AppError =>
  new AppError('database_unavailable', 'Too many requests wait for the database; try again soon.')
