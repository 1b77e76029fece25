import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { schedule, type ScheduledTask } from 'node-cron'
import { AppError, messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { renewOne, type LeasedGrant, type RenewOneNeeds } from './renew-one.ts'

type Wanted = { handle: string; by: Date | null }
type State = { isEnding: boolean; isLeased: boolean; isWanted: boolean; refreshAt: Date | null }

export type RenewalNeeds = RenewOneNeeds & {
  /** Takes the lease when a renewal is wanted and nobody else makes it; `by` null: by schedule. */
  claim: (claim: Wanted & { lease: string; leaseSeconds: number }) => Promise<LeasedGrant | undefined>
  stateOf: (wanted: Wanted) => Promise<State | undefined>
  listDue: (limit: number) => Promise<string[]>
  /** Forgets sign-ins that expired. */
  prune: () => Promise<void>
} // prettier-ignore

export type Renewals = {
  /**
   * Returns when the access token of an instance is good for a while, or its grant has ended and the instance says so. One
   * renewal at a time, over all processes: who does not get the lease waits for who has it, and reads again.
   * @throws AppError `oauth_unavailable` when the provider gives no new token now
   */
  renew: (handle: string) => Promise<void>
  /** Renews all that are due. */
  sweep: () => Promise<void>
  /** Renews by schedule. One process is enough; several do no harm. */
  schedule: Runnable
}

/** A token that ends sooner is renewed before it is used. */
const MARGIN_MS = 10_000
/** How long a request waits. */
const PATIENCE_MS = 12_000
/** Above the deadline of the call and of what follows; after it the holder counts as dead. */
const LEASE_SECONDS = 40
const POLL_MS = 100
const CRON = '*/15 * * * * *'
const BATCH = 100
const CONCURRENCY = 8

export const createRenewals = (needs: RenewalNeeds): Renewals => {
  const underWay = new Map<string, Promise<void>>()
  /** The same for everybody in this process who wants it now. */
  const once = (handle: string, work: () => Promise<void>): Promise<void> => {
    const known = underWay.get(handle)
    if (known) return known
    const promise = work().finally(() => underWay.delete(handle))
    underWay.set(handle, promise)
    return promise
  }
  const renew = (handle: string) => once(handle, () => renewInTime(needs, handle))
  const sweep = async () => {
    const due = await needs.listDue(BATCH)
    const work = async () => {
      for (let handle = due.shift(); handle !== undefined; handle = due.shift()) {
        const one = handle
        await once(one, () => renewDue(needs, one)).catch((error: unknown) =>
          needs.log.error('a renewal failed', { handle: one, reason: messageOf(error) }),
        )
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, work))
    await needs.prune()
  }
  return { renew, sweep, schedule: createSchedule(needs, sweep) }
}

const createSchedule = ({ log }: RenewalNeeds, sweep: () => Promise<void>): Runnable => {
  let task: ScheduledTask | undefined
  let running = Promise.resolve()
  const run = () => (running = sweep().catch((error: unknown) => log.warn('tokens were not renewed', { reason: messageOf(error) }))) // prettier-ignore
  return {
    name: 'renewals',
    start: () => {
      task ??= schedule(CRON, run, { noOverlap: true })
      return Promise.resolve()
    },
    // A renewal under way is waited for: its refresh token would be lost.
    stop: async () => {
      await task?.destroy()
      task = undefined
      await running
    },
  }
}

const renewDue = async (needs: RenewalNeeds, handle: string): Promise<void> => {
  const lease = randomUUID()
  const row = await needs.claim({ handle, lease, leaseSeconds: LEASE_SECONDS, by: null })
  if (row) await renewOne(needs, row, lease)
}

const renewInTime = async (needs: RenewalNeeds, handle: string): Promise<void> => {
  const until = Date.now() + PATIENCE_MS
  const by = () => new Date(needs.now().getTime() + MARGIN_MS)
  for (;;) {
    const lease = randomUUID()
    const row = await needs.claim({ handle, lease, leaseSeconds: LEASE_SECONDS, by: by() })
    if (row) await renewOne(needs, row, lease)
    const state = await needs.stateOf({ handle, by: by() })
    if (!state?.isEnding) return
    // It is new, and ends sooner than the margin: there is none that is better.
    if (row && state.isWanted) return
    const isUnderWay = state.isLeased || state.isWanted
    if (!isUnderWay || Date.now() > until) throw notNow(needs, state)
    await delay(POLL_MS)
  }
}

const notNow = ({ now }: RenewalNeeds, { refreshAt }: State): AppError => {
  const seconds = Math.max(1, Math.ceil(((refreshAt?.getTime() ?? 0) - now().getTime()) / 1_000))
  return new AppError(
    'oauth_unavailable',
    `The access token of this instance has ended, and its provider gives no new one at the moment. Try again in ${seconds} s.`,
    { retryAfterSeconds: seconds },
  )
}
