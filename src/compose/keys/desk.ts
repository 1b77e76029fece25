import { messageOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { KeyOperations } from './operations.ts'
import type { RecordEvent } from '../../model/event.ts'
import type { By } from '../../model/audit.ts'
import type { Rotation } from '../../model/keys.ts'

/** The rotation that this process does, or did last. */
type RotationView = {
  isRunning: boolean
  rotation: Rotation | null
  /** Why it ended early. */
  failure: string | null
}

type DeskNeeds = { recordEvent: RecordEvent; log: Log; count?: (word: string) => void }

/** What the daemon does with the keys: a rotation goes on beside everything else, one at a time. */
export const createKeyDesk = (keys: KeyOperations, { recordEvent, log, count }: DeskNeeds) => {
  const tell = (phase: string, message: string) =>
    recordEvent({ type: 'key.rotation', message, data: { phase } })
  let view: RotationView = { isRunning: false, rotation: null, failure: null }
  const run = async (by: By, kid: string | undefined, onFirst: () => void): Promise<void> => {
    view = { isRunning: true, rotation: null, failure: null }
    tell('begun', 'The vault begins to seal everything by another key.')
    try {
      const onProgress = (rotation: Rotation) => {
        view = { ...view, rotation }
        onFirst()
      }
      const rotation = await keys.rotate({ by, kid, onProgress })
      view = { isRunning: false, rotation, failure: null }
      count?.('done')
      log.info('keys rotated', rotation)
      tell('done', `Everything that opens is sealed by the key ${rotation.kid}.`)
    } catch (error) {
      view = { ...view, isRunning: false, failure: messageOf(error) }
      count?.('failed')
      log.error('rotation ended early', { error })
      tell('failed', `The rotation ended early: ${messageOf(error)}`)
    }
    onFirst()
  }
  /** @returns as soon as it is known to which key it goes */
  const begin = (by: By, kid?: string): Promise<RotationView> =>
    new Promise((resolve) => {
      if (view.isRunning) return resolve(view)
      void run(by, kid, () => resolve(view))
    })
  return {
    status: keys.status,
    remove: keys.remove,
    rotate: begin,
    job: () => view,
    /** Goes on with what an earlier process left unfinished. */
    resume: async (): Promise<void> => {
      const kid = await keys.unfinished()
      if (kid !== undefined) await begin({ actor: 'system', from: 'local' }, kid)
    },
  }
}

export type KeyDesk = ReturnType<typeof createKeyDesk>
