import { systemCodeOf } from '../../base/errors.ts'
import type { UpstreamAnswer } from './exchange.ts'
import type { OutgoingRequest } from './outgoing-request.ts'

/** A client waits for so long at most before the second try; a longer wait is told to the agent instead. */
const MAX_PAUSE_MS = 3_000

const isSafe = ({ method }: OutgoingRequest): boolean => method === 'GET' || method === 'HEAD'

/** A kept connection that the API closed just now: the request did not arrive, or nobody can tell. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * Whether a try shall be followed by another. Only a call that changes nothing is repeated: after a broken connection, or a
 * 429 or 503 that says when. Of anything else nobody but the API knows whether it was carried out.
 *
 * @returns the pause before it, undefined for no
 */
export const pauseBeforeRetry = (
  request: OutgoingRequest,
  outcome: UpstreamAnswer | { error: unknown },
): number | undefined => {
  if (!isSafe(request)) return undefined
  if ('error' in outcome) return BROKEN.has(systemCodeOf(outcome.error) ?? '') ? 0 : undefined
  const { status, headers } = outcome
  if (status !== 429 && status !== 503) return undefined
  const pauseMs = retryAfterMs(headers['retry-after'])
  return pauseMs !== undefined && pauseMs <= MAX_PAUSE_MS ? pauseMs : undefined
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3). */
const retryAfterMs = (value: string | string[] | undefined): number | undefined => {
  if (typeof value !== 'string' || value === '') return undefined
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}
