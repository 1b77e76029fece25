import type { Log } from '../base/log.ts'

/** Something that happened to an instance and that others may want to hear of. */
type BerthEvent = {
  /** `key_refused`: the API no longer takes the key. `key_works`: it takes it again. */
  type: 'key_refused' | 'key_works'
  handle: string
  userId: string
  service: string
}

export type Events = {
  emit: (event: BerthEvent) => void
  /** @returns what ends the subscription */
  subscribe: (listener: (event: BerthEvent) => void) => () => void
}

/** Events within this process; each is logged, and a listener that fails disturbs nobody. */
export const createEvents = (log: Log): Events => {
  const listeners = new Set<(event: BerthEvent) => void>()
  return {
    emit: (event) => {
      const { type, ...fields } = event
      log.info(type, fields)
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          log.error('a listener failed', { type, error })
        }
      }
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
