import type { KeyRing } from './key-ring.ts'

/** The master keys as this process has them now. */
export type Keys = {
  /** The id of the key that seals. */
  sealing: () => string
  find: (kid: string) => Buffer | undefined
}

/** A ring that does not change: its newest key seals. */
export const fixedKeys = (ring: KeyRing): Keys => ({
  sealing: () => ring.newest,
  find: (kid) => ring.keys.get(kid),
})

export type LiveKeys = Keys & {
  kids: () => string[]
  /** Reads the ring again. @throws AppError when it can't be used; what is loaded stays */
  reload: () => void
  /** Another key seals from now on. */
  sealWith: (kid: string) => void
  /** Overwrites a key that nothing needs any more. */
  forget: (kid: string) => void
}

const RELOAD_PAUSE_MS = 1_000

/** A ring whose file may change while the process runs. A key that is not known yet is looked for in the file. */
export const createLiveKeys = (
  load: () => KeyRing,
  now: () => number = () => performance.now(),
): LiveKeys => {
  const ring = load()
  const keys = new Map(ring.keys)
  let sealing = ring.newest
  let loadedAt = now()
  const reload = (): void => {
    loadedAt = now()
    // What is loaded already stays: cached records may need it for a while.
    for (const [kid, key] of load().keys) if (!keys.has(kid)) keys.set(kid, key)
  }
  const lookAgain = (): void => {
    if (now() - loadedAt < RELOAD_PAUSE_MS) return
    try {
      reload()
    } catch {
      // the error that follows names the key
    }
  }
  return {
    sealing: () => sealing,
    find: (kid) => {
      if (!keys.has(kid)) lookAgain()
      return keys.get(kid)
    },
    kids: () => [...keys.keys()],
    reload,
    sealWith: (kid) => {
      sealing = kid
    },
    forget: (kid) => {
      keys.get(kid)?.fill(0)
      keys.delete(kid)
    },
  }
}
