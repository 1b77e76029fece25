import { isIPv6 } from 'node:net'
import { AppError } from '../base/errors.ts'
import { createBuckets, draw, waitMs } from './buckets.ts'

/** Wrong instance URLs and tokens that one address may try in a minute. */
const WRONG_PER_MINUTE = 100
const MINUTE_MS = 60_000
const MAX_ADDRESSES = 100_000

export type Guard = { judge: (address: string, error: unknown) => unknown }

/**
 * Slows down who guesses secrets. Only what was found wrong counts and only that is refused: many clients share an address,
 * so a valid secret is never asked to wait.
 *
 * @param share this process's part of the allowance, where several answer at one address
 */
export const createGuard = (share = 1, now = () => performance.now()): Guard => {
  const bucketOf = createBuckets(MAX_ADDRESSES)
  const costMs = MINUTE_MS / Math.max(1, WRONG_PER_MINUTE * share)
  const wrong = { costMs, capacityMs: MINUTE_MS }
  return {
    /** What to answer instead of a failed authentication. */
    judge: (address, error) => {
      if (!(error instanceof AppError) || !['not_found', 'forbidden'].includes(error.code))
        return error
      const bucket = bucketOf(networkOf(address))
      const at = now()
      const leftMs = waitMs(bucket, at, wrong)
      if (leftMs === 0) {
        draw(bucket, at, costMs)
        return error
      }
      const retryAfterSeconds = Math.ceil(leftMs / 1000)
      return new AppError(
        'too_many_requests',
        'Too many wrong instance URLs or tokens came from this address.',
        { retryAfterSeconds, cause: error },
      )
    },
  }
}

/** Who has one IPv6 address has its whole /64. */
const networkOf = (address: string): string => {
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  if (!isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.split('::')
  const groups = head.split(':').filter(Boolean)
  const rest = tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':')
}
