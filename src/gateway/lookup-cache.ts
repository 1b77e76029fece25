import { LRUCache } from 'lru-cache'
import type { Soon } from '../base/soon.ts'
import { createAskOnce } from './ask-once.ts'

export type LookupOptions<Question, Answer extends object> = {
  /** Asks the database. */
  find: (question: Question) => Promise<Answer | undefined>
  /** What the answer is remembered under. */
  keyOf: (question: Question) => string
  /** Tells questions apart that have the same key. */
  detailOf: (question: Question) => string
  /** Whether what is remembered answers this question. Called without an answer too, so that both ways cost the same. */
  answers: (question: Question, known: Answer | undefined) => boolean
  max: number
  /** ms, of any beginning. */
  now?: () => number
}

/** What is remembered is asked again behind a request's back when it is older. */
const REFRESH_MS = 60_000
/** With the database away it is served so long, and then no more. */
const MAX_AGE_MS = 120_000
const RETRY_MS = 2_000
/** That there is nothing is remembered for a short time only. */
const ABSENT_MS = 10_000
const MAX_ABSENT = 10_000

type Known<Answer> = { answer: Answer; confirmedAt: number; retryAt: number }

/**
 * Remembers what the database said, also that it has nothing, both with a bound. An answer that was under way while its key
 * was forgotten is not remembered.
 */
export const createLookupCache = <Question, Answer extends object>(
  options: LookupOptions<Question, Answer>,
) => {
  const { keyOf, detailOf, answers, max, now = () => performance.now() } = options
  const entries = new LRUCache<string, Known<Answer>>({ max })
  const absent = new LRUCache<string, true>({ max: MAX_ABSENT, ttl: ABSENT_MS, ttlResolution: 0, perf: { now } }) // prettier-ignore
  const { ask, doubt } = createAskOnce({
    ...options,
    onAnswer: (question: Question, answer: Answer | undefined) => {
      const key = keyOf(question)
      if (answer) entries.set(key, { answer, confirmedAt: now(), retryAt: 0 })
      else {
        absent.set(detailOf(question), true)
        if (answers(question, entries.get(key)?.answer)) entries.delete(key)
      }
    },
  })
  return {
    /**
     * What is remembered is there at once.
     * @throws AppError `database_unavailable` when the answer is neither remembered nor to be had
     */
    find: (question: Question): Soon<Answer | undefined> => {
      const known = entries.get(keyOf(question))
      const isAnswer = answers(question, known?.answer)
      if (known && isAnswer) {
        const at = now()
        const ageMs = at - known.confirmedAt
        if (ageMs > REFRESH_MS && at >= known.retryAt) {
          known.retryAt = at + RETRY_MS
          ask(question).catch(() => undefined) // the request that finds it too old says so
        }
        if (ageMs < MAX_AGE_MS) return known.answer
      }
      return absent.has(detailOf(question)) ? undefined : ask(question)
    },
    forget: (key: string): void => {
      entries.delete(key)
      absent.clear()
      doubt((other) => other === key)
    },
    /** There is more than before: what was not there may be now. */
    forgetAbsent: (): void => {
      absent.clear()
      doubt(() => true)
    },
    flush: (): void => {
      entries.clear()
      absent.clear()
      doubt(() => true)
    },
  }
}
