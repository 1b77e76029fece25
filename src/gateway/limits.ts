import type { Draw } from './buckets.ts'

/** As a service's config has them; 0 turns one off. */
export type ServiceLimits = {
  requestsPerSecond?: number | undefined
  burst?: number | undefined
  concurrent?: number | undefined
  maxBodyBytes?: number | undefined
}

/** What one instance of a service may do. A limit that is off is infinite. */
export type Limits = {
  /** What a request takes from the instance's allowance. Undefined: off. */
  instanceDraw: Draw | undefined
  /** What it takes from its user's, that of all their instances together. */
  userDraw: Draw | undefined
  /** Requests under way; as many event streams may be open beside them. */
  concurrent: number
  maxBodyBytes: number
}

/** More than an agent that calls tools in parallel needs; a script that runs away is stopped. */
const DEFAULTS = { requestsPerSecond: 100, concurrent: 256, maxBodyBytes: 8 * 1024 * 1024 }
/** Without a burst of its own a service allows the requests of so many seconds at once. */
const BURST_SECONDS = 5
/** All instances of a user together may do as much as so many of them. */
const INSTANCES_PER_USER = 20
const USER_CAPACITY_MS = BURST_SECONDS * 1000

const orOff = (limit: number): number => (limit === 0 ? Infinity : limit)

/** @param share this process's part of what each counts for itself: concurrent requests */
export const completeLimits = (own: ServiceLimits = {}, share = 1): Limits => {
  const perSecond = own.requestsPerSecond ?? DEFAULTS.requestsPerSecond
  const burst = own.burst ?? Math.max(1, perSecond * BURST_SECONDS)
  const isOff = perSecond === 0 || burst === 0
  const concurrent = orOff(own.concurrent ?? DEFAULTS.concurrent)
  return {
    instanceDraw: isOff
      ? undefined
      : { costMs: 1000 / perSecond, capacityMs: (1000 * burst) / perSecond },
    userDraw: isOff
      ? undefined
      : { costMs: userCostMs(perSecond, burst), capacityMs: USER_CAPACITY_MS },
    concurrent: Math.max(1, Math.ceil(concurrent * share)),
    maxBodyBytes: orOff(own.maxBodyBytes ?? DEFAULTS.maxBodyBytes),
  }
}

/** One instance alone, at its full rate or burst, never takes more than its part of the user's allowance. */
const userCostMs = (perSecond: number, burst: number): number =>
  Math.min(USER_CAPACITY_MS / burst, 1000 / perSecond) / INSTANCES_PER_USER
