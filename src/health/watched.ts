import type { Target } from './probe.ts'
import { initialHealth, type Health } from './states.ts'

/** One watched service. */
export type Watched = {
  target: Target
  health: Health
  /** When it is asked again apart from the sweeps; undefined: not at all. */
  dueAt: number | undefined
  /** The probe under way. */
  asking: Promise<void> | undefined
}

/** Who is watched now, and who of them wants to be asked before the next sweep. */
export const createWatchList = (targets: () => readonly Target[]) => {
  const watched = new Map<string, Watched>()
  const urgent = new Set<Watched>()
  let known: readonly Target[] = []

  const setDue = (one: Watched, at: number | undefined) => {
    one.dueAt = at
    if (at === undefined) urgent.delete(one)
    else urgent.add(one)
  }
  const take = (target: Target) => {
    const one = watched.get(target.service)
    if (one) one.target = target
    else {
      const fresh = { target, health: initialHealth(new Date()), dueAt: 0, asking: undefined }
      watched.set(target.service, fresh)
      urgent.add(fresh)
    }
  }
  return {
    get: (service: string) => watched.get(service),
    isWatched: (one: Watched) => watched.get(one.target.service) === one,
    setDue,
    /** Asks who is to be watched. @returns whether that changed */
    follow: (): boolean => {
      const now = targets()
      if (now === known) return false
      known = now
      for (const target of now) take(target)
      const names = new Set(now.map(({ service }) => service))
      for (const [service, one] of watched) {
        if (names.has(service)) continue
        watched.delete(service)
        urgent.delete(one)
      }
      return true
    },
    all: (): Watched[] => [...watched.values()],
    due: (now: number): Watched[] =>
      [...urgent].filter(({ dueAt, asking }) => !asking && (dueAt ?? Infinity) <= now),
  }
}
