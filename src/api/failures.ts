import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { AppError } from '../base/errors.ts'
import type { JudgeFailure } from './find-caller.ts'

/** Wrong tokens that one address may send in a minute. */
const WRONG_PER_MINUTE = 60
const MINUTE_MS = 60_000
const MAX_ADDRESSES = 10_000

type Window = { count: number; endsAt: number }

/** Counts wrong tokens by address, and says what to answer to one too many. */
export const createFailureLimit = (now: () => number = Date.now): JudgeFailure => {
  const windows = new LRUCache<string, Window>({ max: MAX_ADDRESSES })
  return (address, error) => {
    const network = networkOf(address)
    const known = windows.get(network)
    const window = known && known.endsAt > now() ? known : { count: 0, endsAt: now() + MINUTE_MS }
    window.count += 1
    windows.set(network, window)
    if (window.count <= WRONG_PER_MINUTE) return error
    const seconds = Math.ceil((window.endsAt - now()) / 1_000)
    return new AppError(
      'too_many_requests',
      `Too many wrong tokens came from this address; wait ${seconds} s, and check the token.`,
      { retryAfterSeconds: seconds, cause: error },
    )
  }
}

/** Who has one IPv6 address has its whole /64. */
const networkOf = (address: string): string =>
  isIPv6(address) && !address.startsWith('::ffff:')
    ? address.split(':').slice(0, 4).join(':')
    : address
