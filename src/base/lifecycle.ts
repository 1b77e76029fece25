import type { Log } from './log.ts'

/** Something that runs: started in order, stopped in reverse. Both calls are idempotent. */
export type Runnable = {
  readonly name: string
  start: () => Promise<void>
  stop: () => Promise<void>
}

/**
 * Makes one Runnable of many. A failed start stops what had started, in reverse, and then throws;
 * a failing stop is logged and does not block the rest.
 */
export const sequence = (name: string, parts: readonly Runnable[], log: Log): Runnable => {
  const started: Runnable[] = []
  const stop = async () => {
    for (let part = started.pop(); part; part = started.pop()) {
      try {
        await part.stop()
      } catch (error) {
        log.error('part did not stop cleanly', { part: part.name, error })
      }
    }
  }
  const start = async () => {
    for (const part of parts.slice(started.length)) {
      started.push(part)
      try {
        await part.start()
      } catch (error) {
        await stop()
        throw error
      }
    }
  }
  return { name, start, stop }
}
