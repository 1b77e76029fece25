import { AppError } from '../base/errors.ts'
import type { Soon } from '../base/soon.ts'
import type { GatewayInstance } from './authenticate.ts'
import { createBuckets, draw, waitMs, type Draw } from './buckets.ts'
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
  const instances = createBuckets(MAX_BUCKETS)
  const users = createBuckets(MAX_BUCKETS)
  let sharedFrom = -Infinity

  /** @returns ms until both are possible; 0: it was done */
  const takeOwn = ({ handle, userId }: GatewayInstance, ofInstance: Draw, ofUser: Draw): number => {
    const at = now()
    const [own, all] = [instances(handle), users(userId)]
    const leftMs = Math.max(waitMs(own, at, ofInstance), waitMs(all, at, ofUser))
    if (leftMs > 0) return leftMs
    draw(own, at, ofInstance.costMs)
    draw(all, at, ofUser.costMs)
    return 0
  }

  return (instance: GatewayInstance, limits: Limits): Soon<void> => {
    const { instanceDraw, userDraw } = limits
    if (!instanceDraw || !userDraw) return
    const takeHere = () => takeOwn(instance, ownPart(instanceDraw, share), ownPart(userDraw, share))
    if (!takeShared || now() < sharedFrom) return refuseUntil(takeHere())
    const draws = [
      { key: `i:${instance.handle}`, ...instanceDraw },
      { key: `u:${instance.userId}`, ...userDraw },
    ]
    return takeShared(draws)
      .catch(() => {
        sharedFrom = now() + PAUSE_MS
        return takeHere()
      })
      .then(refuseUntil)
  }
}

/** A request costs more where the allowance is a part of the whole; one alone is always possible. */
const ownPart = (whole: Draw, share: number): Draw => {
  if (share === 1) return whole
  const costMs = whole.costMs / share
  return { costMs, capacityMs: Math.max(whole.capacityMs, costMs) }
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
