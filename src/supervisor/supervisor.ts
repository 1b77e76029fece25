import { messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import type { RecordEvent } from '../model/event.ts'
import type { Changes } from '../model/fleet.ts'
import { createPoll } from './poll.ts'
import { createReconciler, type ManagedProcess, type ReconcilerOptions } from './reconciler.ts'
import type { CrashPolicy } from './crash-policy.ts'
import { createCrashes } from './crashes.ts'
import { createExitWatch, type Autopsy } from './exits.ts'
import { createRecover } from './hangs.ts'
import { createOperations, type Turns } from './operations.ts'
import type { Decisions } from './state-file.ts'
import { createWanted, type Fleet, type Target, type WantedOptions } from './wanted.ts'

export type SupervisorOptions<P extends ManagedProcess> = ReconcilerOptions<P> &
  WantedOptions & {
    /** Reads registry, template and settings; the isolated services each get a host of their own. */
    loadFleet: (isolated: readonly string[]) => Promise<Fleet>
    policy: CrashPolicy
    recordEvent: RecordEvent
    autopsy: Autopsy
    /** How often the running fleet is compared with the wanted one. */
    intervalMs: number
  }

export type Supervisor<P extends ManagedProcess> = Runnable & {
  /** The hosts as PM2 named them last. */
  processes: () => readonly P[]
  /** What shall run, as applied last. */
  fleet: () => Fleet
  /** What {@link apply} would do now. */
  plan: () => Promise<Changes>
  /** Reads what shall run, and makes it so. */
  apply: () => Promise<Changes>
  /** Ends and starts the process of a dedicated service; a packed one is swapped for a fresh one in place. */
  restart: (services: readonly string[]) => Promise<void>
  /** Takes services out of service until {@link startServices}, over restarts too. */
  stopServices: (services: readonly string[]) => Promise<void>
  startServices: (services: readonly string[]) => Promise<void>
  /** What is stopped, isolated, in quarantine. */
  decisions: () => Decisions
  /**
   * Services that do not answer: restarts those whose process runs and had its time to come up, and counts it like a
   * crash. What has ended is PM2's to bring back.
   *
   * @returns whether any was restarted
   */
  recover: (services: readonly string[]) => Promise<boolean>
  /** The services that shall run now, with their ports; the same array until something changes. */
  targets: () => readonly Target[]
  /** The static port of a service that shall run. */
  portOf: (service: string) => number | undefined
  /** The process of a service's host, as PM2 named it last. */
  pidOf: (service: string) => number | undefined
  /** Asks PM2 for the processes now. */
  refresh: () => Promise<void>
}

/**
 * Keeps the wanted fleet running. What runs already and fits is adopted, so a restart of the daemon touches no host, and
 * its stop does not either. All that changes the fleet goes one after the other.
 */
export const createSupervisor = <P extends ManagedProcess>(
  initial: Fleet,
  options: SupervisorOptions<P>,
): Supervisor<P> => {
  const wanted = createWanted(initial, options)
  const { fleet, decisions, portOf, targets } = wanted
  const reads = { fleet, decisions, portOf, targets }
  const inTurn = createTurns()
  const crashes = createCrashes({ ...options, wanted, now: Date.now })
  const watchExits = createExitWatch(options.autopsy, Date.now)

  const look = async () => {
    await inTurn(async () => {
      await reconciler.look()
      await crashes.take(watchExits(reconciler.processes()))
      crashes.retryDue()
    })
    await operations.reconcile()
  }
  const warn = (error: unknown) =>
    options.log.warn('fleet could not be checked', { reason: messageOf(error) })
  const poll = createPoll(() => look().catch(warn), options.intervalMs)
  const reconciler = createReconciler(options, poll.now)
  const operations = createOperations({ ...options, wanted, reconciler, inTurn })

  return {
    name: 'supervisor',
    processes: reconciler.processes,
    ...reads,
    ...operations,
    pidOf: (service) => reconciler.processOf(wanted.hostOf(service))?.pid,
    refresh: () => inTurn(reconciler.look),
    recover: createRecover({ ...options, wanted, reconciler, operations, crashes, inTurn }),
    start: async () => {
      wanted.set(wanted.fleet())
      await operations.reconcile()
      poll.start()
    },
    stop: async () => {
      poll.stop()
      await inTurn(() => Promise.resolve())
      reconciler.close()
    },
  }
}

/** Lets one piece of work after the other through; a failed one does not hold up the next. */
const createTurns = (): Turns => {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
}
