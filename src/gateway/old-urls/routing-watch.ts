import type { Runnable } from '../../base/lifecycle.ts'
import { createLoop } from '../../base/loop.ts'
import type { Log } from '../../base/log.ts'
import type { OldRouting } from '../../model/old-routing.ts'

export type RoutingWatch = Runnable & {
  current: () => OldRouting
  /** Reads it now. */
  reload: () => Promise<void>
}

/** Changes are announced; what got lost on the way is noticed by then. */
const INTERVAL_MS = 2_000

/** Until the database has said something, the old server serves everything. */
const UNKNOWN: OldRouting = {
  percent: 0,
  users: {},
  services: {},
  comparing: false,
  toolErrors: true,
  epoch: 0,
  notice: undefined,
}

/** Knows the routing. With the database away, the last one goes on. */
export const createRoutingWatch = (read: () => Promise<OldRouting>, log: Log): RoutingWatch => {
  let known = UNKNOWN
  const reload = async (): Promise<void> => {
    try {
      const now = await read()
      // Two readings may overtake each other.
      if (now.epoch >= known.epoch) known = now
    } catch (error) {
      log.warn('the routing of old URLs cannot be read', { error })
    }
  }
  const loop = createLoop({
    name: 'routing of old URLs',
    firstAfterMs: INTERVAL_MS,
    turn: async () => {
      await reload()
      return INTERVAL_MS
    },
  })
  return {
    ...loop,
    current: () => known,
    reload,
    start: async () => {
      await reload()
      await loop.start()
    },
  }
}
