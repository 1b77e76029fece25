import type { Exit } from '../model/crash.ts'
import type { createCrashes } from './crashes.ts'
import type { WantedHost } from './diff.ts'
import type { Autopsy } from './exits.ts'
import type { createOperations, Turns } from './operations.ts'
import type { ManagedProcess } from './reconciler.ts'
import type { createWanted } from './wanted.ts'

type Parts = {
  wanted: ReturnType<typeof createWanted>
  reconciler: {
    look: () => Promise<void>
    processOf: (host: string | undefined) => ManagedProcess | undefined
  }
  operations: Pick<ReturnType<typeof createOperations>, 'restart' | 'reconcile'>
  crashes: Pick<ReturnType<typeof createCrashes>, 'take'>
  inTurn: Turns
  autopsy: Autopsy
}

/** A process that does not answer before this may be starting. */
const GROWN_MS = 5_000

/** Restarts services that do not answer although their process runs, and counts it like a crash. */
export const createRecover = (parts: Parts) => {
  const { wanted, reconciler, operations, crashes, inTurn, autopsy } = parts
  return async (services: readonly string[]): Promise<boolean> => {
    const due = await inTurn(async () => {
      await reconciler.look()
      const hung = services.filter((name) => isGrown(reconciler.processOf(wanted.hostOf(name))))
      await crashes.take(hungExits(wanted.hosts(), hung, autopsy))
      return hung.filter((name) => !(name in wanted.decisions().quarantined))
    })
    if (due.length > 0) await operations.restart(due)
    await operations.reconcile()
    return due.length > 0
  }
}

const isGrown = (process: ManagedProcess | undefined): boolean =>
  process?.pid !== undefined && Math.abs(Date.now() - process.startedAt.getTime()) >= GROWN_MS

/** A host hangs when none of its services answers. */
const hungExits = (
  hosts: readonly WantedHost[],
  hung: readonly string[],
  autopsy: Autopsy,
): Exit[] =>
  hosts
    .filter((host) => host.services.every(({ name }) => hung.includes(name)))
    .map(({ spec: { name } }) => ({
      ...autopsy(name, 'unhealthy'),
      at: Date.now(),
      host: name,
      cause: 'unhealthy',
    }))
