import type { Changes, PlanLine } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { CrashPolicy } from './crash-policy.ts'
import type { Difference, WantedHost } from './diff.ts'
import type { Decisions } from './state-file.ts'
import type { createWanted, Fleet } from './wanted.ts'

/** Does one piece of work after the other. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

type Parts = {
  wanted: ReturnType<typeof createWanted>
  reconciler: {
    difference: (hosts: readonly WantedHost[]) => Promise<Difference>
    reconcile: (hosts: readonly WantedHost[]) => Promise<PlanLine[]>
    restart: (host: WantedHost, services: readonly Service[]) => Promise<void>
  }
  inTurn: Turns
  loadFleet: (isolated: readonly string[]) => Promise<Fleet>
  policy: Pick<CrashPolicy, 'noteRetry'>
}

/** What an operator does to the running fleet. */
export const createOperations = (parts: Parts) => {
  const { wanted, reconciler, inTurn, loadFleet, policy } = parts
  const reconcile = () => inTurn(() => reconciler.reconcile(wanted.hosts()))
  const decide = async (change: (before: Decisions) => Partial<Decisions>): Promise<void> => {
    await inTurn(() => {
      wanted.decide(change(wanted.decisions()))
      return Promise.resolve()
    })
    await reconcile()
  }
  return {
    reconcile,
    plan: async (): Promise<Changes> => {
      const fleet = await loadFleet(wanted.decisions().isolated)
      const hosts = wanted.hostsOf(fleet)
      const { lines } = await inTurn(() => reconciler.difference(hosts))
      return { changes: lines, leftOut: fleet.leftOut }
    },
    apply: (): Promise<Changes> =>
      inTurn(async () => {
        const fleet = await loadFleet(wanted.decisions().isolated)
        wanted.set(fleet)
        const changes = await reconciler.reconcile(wanted.hosts())
        return { changes, leftOut: fleet.leftOut }
      }),
    restart: (names: readonly string[]): Promise<void> =>
      inTurn(async () => {
        for (const host of wanted.hosts()) {
          const services = host.services.filter(({ name }) => names.includes(name))
          if (services.length > 0) await reconciler.restart(host, services)
        }
      }),
    stopServices: (names: readonly string[]): Promise<void> =>
      decide(({ stopped }) => ({ stopped: [...new Set([...stopped, ...names])].sort() })),
    /** Also ends a quarantine: the operator says that it is mended. */
    startServices: (names: readonly string[]): Promise<void> =>
      decide(({ stopped, quarantined }) => {
        for (const [name, evidence] of Object.entries(quarantined))
          if (names.includes(name)) policy.noteRetry(name, evidence)
        return {
          stopped: stopped.filter((name) => !names.includes(name)),
          quarantined: without(quarantined, names),
        }
      }),
  }
}

/** A copy of an object without some of its keys. */
export const without = <T>(
  object: Readonly<Record<string, T>>,
  keys: readonly string[],
): Record<string, T> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
