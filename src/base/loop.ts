import { setTimeout as delay } from 'node:timers/promises'
import type { Runnable } from './lifecycle.ts'

type LoopOptions = {
  name: string
  /** Must not reject. @returns after how many milliseconds the next turn is due */
  turn: (stopping: AbortSignal) => Promise<number>
  /** Before the first turn, in milliseconds (0). */
  firstAfterMs?: number
}

/** Takes a turn again and again, never two at a time; a stop waits for the one that is under way. */
export const createLoop = ({ name, turn, firstAfterMs = 0 }: LoopOptions): Runnable => {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  const run = async (): Promise<void> => {
    let waitMs = firstAfterMs
    while (!stopping.signal.aborted) {
      await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      if (!isStopping()) waitMs = await turn(stopping.signal)
    }
  }
  const isStopping = () => stopping.signal.aborted
  return {
    name,
    start: () => {
      running ??= run()
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
