/** `pending`: waits until every process has it; `active` seals; `retired` opens only; `removed`: is in no ring. */
export type VaultKeyState = 'pending' | 'active' | 'retired' | 'removed'

/** A key as the operator sees it. */
type KeyView = {
  kid: string
  state: VaultKeyState
  /** Whether the ring file of this machine has it. */
  inRing: boolean
  /** Sealed values that need it. */
  values: number
  /** Live processes that seal by it. */
  sealing: string[]
  removable: boolean
}

/** How far a rotation is. */
export type Rotation = {
  kid: string
  phase: 'waiting' | 'sealing' | 'done'
  /** Processes that have not loaded the new key yet, or still seal by the old one. */
  waitingFor: string[]
  /** Sealed values under the new key, and all of them. */
  done: number
  total: number
  /** Values that do not open: moved, cut or changed. They stay as they are. */
  unreadable: number
}

export type KeyStatus = {
  keys: KeyView[]
  /** Live processes that seal or open something here. */
  processes: string[]
}
