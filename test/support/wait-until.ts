import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** Asks again and again until the answer is neither undefined nor false; fails, saying what was awaited, after a bound. */
export const waitUntil = async <T>(
  what: string,
  ask: () => T | Promise<T>,
  deadlineMs = 20_000,
): Promise<Exclude<T, undefined | false>> => {
  const until = Date.now() + deadlineMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>
    if (Date.now() > until) throw new Error(`${what}: not within ${deadlineMs} ms`)
    await delay(POLL_MS)
  }
}
