import type { Fault } from '../../model/cutover-sample.ts'

/** The two ways of a request: to the old server, or to the shared fleet. */
export type Arm = 'old' | 'new'

/** One answered request, as the comparison sees it. */
export type Sample = {
  arm: Arm
  service: string
  /** The old instance whose URL was used: what one of them does, all its requests may do. */
  instance: string
  latencyMs: number
  /** Null: none. */
  fault: Fault | null
}

/** `worse` is final; `not worse` and `unclear` are what is known by now. */
export type TestVerdict = 'worse' | 'not worse' | 'unclear'
