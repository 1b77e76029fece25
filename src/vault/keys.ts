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
