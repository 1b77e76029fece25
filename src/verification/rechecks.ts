import { schedule, type ScheduledTask } from 'node-cron'
import { AppError, messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'
import type { RecordEvent } from '../model/event.ts'
import type { Credentials } from '../model/host-credentials.ts'
import type { Service } from '../model/service.ts'
import { nextCheck, type CheckState, type Verification } from '../model/verification.ts'
import type { Verify } from './verifier.ts'

/** An instance as far as checks need it. */
type CheckedInstance = CheckState & {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
  /** When the access token of a sign-in ends. */
  accessExpiresAt?: Date | null
}

export type RecheckNeeds = {
  verify: Verify
  serviceNamed: (name: string) => Service | undefined
  /** @throws AppError when the sealed record does not open */
  openCredentials: (instance: CheckedInstance) => Credentials
  /** The instance with an access token that has not ended. @throws AppError when there is none to be had now */
  freshen?: (instance: CheckedInstance) => Promise<CheckedInstance | undefined>
  /** The instance with another access token than the refused one; undefined where it is a key. @throws AppError likewise */
  renewRefused?: (instance: CheckedInstance) => Promise<CheckedInstance | undefined>
  /** Takes instances whose check is due, so that no other process takes them too. */
  claimDue: (limit: number) => Promise<CheckedInstance[]>
  /** @returns whether it was written: not when the credentials are others by now */
  record: (instance: CheckedInstance, state: CheckState) => Promise<boolean>
  onInstanceChange: (handle: string) => void
  recordEvent: RecordEvent
  now: () => Date
  log: Log
}

const CRON = '*/20 * * * * *'
const BATCH = 50
/** Calls at once: they go to many APIs, and onboarding comes first. */
const CONCURRENCY = 8

export type Rechecks = Runnable & {
  /** Checks one instance now. @returns what came out, and what is known of it from now on */
  check: (instance: CheckedInstance) => Promise<{ result: Verification; state: CheckState }>
  /** Checks all that are due. */
  sweep: () => Promise<void>
}

/** Keys are asked about again by schedule, and when somebody wants to know. */
export const createRechecks = (needs: RecheckNeeds): Rechecks => {
  const { log } = needs
  let task: ScheduledTask | undefined
  let stopped = false
  let sweeping = Promise.resolve()

  const checkDue = async (instance: CheckedInstance) => {
    try {
      await checkOne(needs, instance, false)
    } catch (error) {
      log.error('a check failed', { handle: instance.handle, reason: messageOf(error) })
    }
  }
  const sweepNow = async () => {
    let due = await needs.claimDue(BATCH)
    while (due.length > 0 && !stopped) {
      await inParallel(due, checkDue)
      due = due.length < BATCH ? [] : await needs.claimDue(BATCH)
    }
  }
  const sweep = () => (sweeping = sweeping.then(sweepNow))
  const sweepByClock = () =>
    sweep().catch((error: unknown) => {
      sweeping = Promise.resolve()
      log.warn('keys were not checked', { reason: messageOf(error) })
    })

  return {
    name: 'rechecks',
    check: (instance) => checkOne(needs, instance, true),
    sweep,
    start: () => {
      stopped = false
      task ??= schedule(CRON, sweepByClock, { noOverlap: true })
      return Promise.resolve()
    },
    stop: async () => {
      stopped = true
      await task?.destroy()
      task = undefined
      await sweeping.catch(() => undefined)
    },
  }
}

const checkOne = async (needs: RecheckNeeds, given: CheckedInstance, isAsked: boolean) => {
  const { instance, result } = await judge(needs, given)
  // A grant that ended meanwhile has marked the instance already.
  if (instance.verification === 'invalid' && given.verification !== 'invalid')
    return { result: { outcome: 'invalid' as const }, state: instance }
  const state = nextCheck(instance, result, { now: needs.now(), isAsked })
  if (!(await needs.record(instance, state))) return { result, state: instance }
  announce(needs, instance, state)
  return { result, state }
}

type Judged = { instance: CheckedInstance; result: Verification }

const judge = async (needs: RecheckNeeds, given: CheckedInstance): Promise<Judged> => {
  const service = needs.serviceNamed(given.service)
  if (!service) return { instance: given, result: { outcome: 'unreachable' } }
  const verify = async (instance: CheckedInstance): Promise<Judged> => {
    const result = await needs.verify(service, needs.openCredentials(instance))
    return { instance, result }
  }
  try {
    const fresh = (await needs.freshen?.(given)) ?? given
    const judged = await verify(fresh)
    if (judged.result.outcome !== 'invalid') return judged
    const renewed = await needs.renewRefused?.(fresh)
    return renewed ? await verify(renewed) : judged
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'oauth_unavailable') throw error
    return { instance: given, result: { outcome: 'unreachable' } }
  }
}

const announce = (
  { onInstanceChange, recordEvent }: RecheckNeeds,
  before: CheckedInstance,
  { verification }: CheckState,
): void => {
  if (verification === before.verification) return
  const { handle, userId, service } = before
  onInstanceChange(handle)
  if (verification === 'unverifiable') return
  const message = `The API of ${service} ${SAYS[verification]} ${handle}.`
  recordEvent({ type: `key.${verification}`, service, instanceId: handle, userId, message })
}

const SAYS = {
  valid: 'takes the key of',
  invalid: 'refuses the key of',
  unreachable: 'says nothing of the key of',
} as const

const inParallel = async (
  instances: readonly CheckedInstance[],
  act: (instance: CheckedInstance) => Promise<void>,
) => {
  const queue = [...instances]
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await act(next)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}
