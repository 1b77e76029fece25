import { AppError } from '../base/errors.ts'
import type { GatewayInstance } from './authenticate.ts'
import { createBuckets, type Draw } from './buckets.ts'
import type { Limits } from './limits.ts'

/** Draws from all buckets or from none. @returns ms until that is possible; 0: it was done */
export type TakeShared = (draws: readonly (Draw & { key: string })[]) => Promise<number>

type RatesOptions = {
  /** Of all processes together; undefined, or when it fails: each process counts for itself. */
  takeShared?: TakeShared | undefined
  /** This process's part of what it counts for itself, where several serve the same users. */
  share?: number | undefined
  now?: () => number
}

const MAX_BUCKETS = 100_000
/** What keeps the shared buckets is left alone for so long after a failure. */
const PAUSE_MS = 1_000

/** @returns takes a request's part of its instance's and its user's allowance; throws AppError `too_many_requests` */
export const createRates = (options: RatesOptions) => {
  const { takeShared, share = 1, now = () => performance.now() } = options
  const buckets = createBuckets(MAX_BUCKETS, now)
  let sharedFrom = -Infinity

  const takeOwn = (draws: readonly (Draw & { key: string })[]): number => {
    let waitMs = 0
    for (const draw of draws) waitMs = Math.max(waitMs, buckets.waitMs(draw.key, draw))
    if (waitMs === 0) for (const { key, costMs } of draws) buckets.draw(key, costMs)
    return waitMs
  }

  return async (instance: GatewayInstance, limits: Limits): Promise<void> => {
    const { instanceDraw, userDraw } = limits
    if (!instanceDraw || !userDraw) return
    const draws = [
      { key: `i:${instance.handle}`, ...instanceDraw },
      { key: `u:${instance.userId}`, ...userDraw },
    ]
    let waitMs: number | undefined
    if (takeShared && now() >= sharedFrom)
      waitMs = await takeShared(draws).catch(() => {
        sharedFrom = now() + PAUSE_MS
        return undefined
      })
    refuseUntil(waitMs ?? takeOwn(share === 1 ? draws : draws.map((draw) => ownPart(draw, share))))
  }
}

/** A request costs more where the allowance is a part of the whole; one alone is always possible. */
const ownPart = <D extends Draw>(draw: D, share: number): D => {
  const costMs = draw.costMs / share
  return { ...draw, costMs, capacityMs: Math.max(draw.capacityMs, costMs) }
}

const refuseUntil = (waitMs: number): void => {
  if (waitMs <= 0) return
  throw new AppError(
    'too_many_requests',
    'Too many requests for this instance, or for all of its user.',
    {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    },
  )
}
