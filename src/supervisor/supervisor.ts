import { messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import type { Changes } from '../model/fleet.ts'
import { createReconciler, type ManagedProcess, type ReconcilerOptions } from './reconciler.ts'
import type { Exit } from '../model/crash.ts'
import type { CrashPolicy } from './crash-policy.ts'
import { createCrashes } from './crashes.ts'
import type { WantedHost } from './diff.ts'
import { createExitWatch, type Autopsy } from './exits.ts'
import { createOperations, type Turns } from './operations.ts'
import type { Decisions } from './state-file.ts'
import { createWanted, type Fleet, type WantedOptions } from './wanted.ts'

export type SupervisorOptions<P extends ManagedProcess> = ReconcilerOptions<P> &
  WantedOptions & {
    /** Reads registry, template and settings; the isolated services each get a host of their own. */
    loadFleet: (isolated: readonly string[]) => Promise<Fleet>
    policy: CrashPolicy
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
  /** Services that do not answer although their process runs: restarts them, and counts it like a crash. */
  recover: (services: readonly string[]) => Promise<void>
  /** The services that shall run now, with their ports. */
  targets: () => { service: string; port: number }[]
  /** The static port of a service that shall run. */
  portOf: (service: string) => number | undefined
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
  let timer: NodeJS.Timeout | undefined

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
  const check = unlessBusy(async () => {
    if (timer !== undefined) await look().catch(warn)
  })
  const reconciler = createReconciler(options, check)
  const operations = createOperations({ ...options, wanted, reconciler, inTurn })

  return {
    name: 'supervisor',
    processes: reconciler.processes,
    ...reads,
    ...operations,
    recover: async (services) => {
      await inTurn(() => crashes.take(unhealthyExits(wanted.hosts(), services, Date.now())))
      const { quarantined } = wanted.decisions()
      await operations.restart(services.filter((name) => !(name in quarantined)))
      await operations.reconcile()
    },
    start: async () => {
      wanted.set(wanted.fleet())
      await operations.reconcile()
      timer ??= setInterval(check, options.intervalMs)
    },
    stop: async () => {
      clearInterval(timer)
      timer = undefined
      await inTurn(() => Promise.resolve())
      reconciler.close()
    },
  }
}

/** A dedicated service that hangs counts like one that crashed. */
const unhealthyExits = (
  hosts: readonly WantedHost[],
  services: readonly string[],
  at: number,
): Exit[] =>
  hosts
    .filter((host) => host.services.length === 1 && services.includes(host.services[0]?.name ?? ''))
    .map(({ spec }) => ({ at, host: spec.name, cause: 'unhealthy', culprit: undefined, lines: [] }))

/** Skips what would begin while it lasts: a host that hangs makes a look longer than the time between two. */
const unlessBusy = (work: () => Promise<void>): (() => void) => {
  let isBusy = false
  return () => {
    if (isBusy) return
    isBusy = true
    void work().finally(() => (isBusy = false))
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
