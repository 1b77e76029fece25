import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

type HeadOptions = {
  lastId: () => Promise<number>
  /** Calls when this process has written some. @returns what ends it */
  onWritten: (listener: () => void) => () => void
  log: Log
}

/** The id of the newest event, as known so far; looked up while somebody wants to know. */
export const createHead = (
  { lastId, onWritten, log }: HeadOptions,
  { pollMs, signal }: { pollMs: number; signal: AbortSignal },
) => {
  const waiting = createWaiting(signal)
  let users = 0
  let looking: Promise<void> | undefined
  let leave: (() => void) | undefined

  const lookNow = async () => {
    try {
      waiting.reach(await lastId())
    } catch (error) {
      log.debug('the newest event is not known', { reason: messageOf(error) })
    }
  }
  const look = () => void (looking ??= lookNow().finally(() => (looking = undefined)))
  const begin = () => {
    const timer = setInterval(look, pollMs)
    const stopListening = onWritten(look)
    look()
    return () => {
      clearInterval(timer)
      stopListening()
    }
  }
  return {
    last: waiting.reached,
    waitBeyond: waiting.waitBeyond,
    /** Somebody comes (1) or leaves (-1). */
    use: (change: 1 | -1): void => {
      users += change
      if (users > 0) leave ??= begin()
      else {
        leave?.()
        leave = undefined
      }
    },
  }
}

/** A number that only grows, and those who wait until it does. */
const createWaiting = (signal: AbortSignal) => {
  const waiters = new Set<() => void>()
  let reached = 0
  const wakeAll = () => {
    for (const wake of [...waiters]) wake()
  }
  signal.addEventListener('abort', wakeAll)
  return {
    reached: () => reached,
    reach: (to: number): void => {
      if (to <= reached) return
      reached = to
      wakeAll()
    },
    /** @returns whether there is something behind an id; false after a while */
    waitBeyond: (id: number, mostMs: number): Promise<boolean> =>
      new Promise((resolve) => {
        const isOver = () => reached > id || signal.aborted
        if (isOver()) return resolve(reached > id)
        const end = () => {
          clearTimeout(patience)
          waiters.delete(wake)
          resolve(reached > id)
        }
        const wake = () => {
          if (isOver()) end()
        }
        const patience = setTimeout(end, mostMs)
        waiters.add(wake)
      }),
  }
}
