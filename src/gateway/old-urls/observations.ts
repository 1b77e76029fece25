import type { Runnable } from '../../base/lifecycle.ts'
import { createLoop } from '../../base/loop.ts'
import type { Log } from '../../base/log.ts'
import type { SampleRow } from '../../model/cutover-sample.ts'

type OldUse = { instanceId: string; lastUsedAt: Date; requests: number }

export type Observations = Runnable & {
  addSample: (sample: SampleRow) => void
  addUse: (instanceId: string) => void
  /** Writes what there is now. */
  flush: () => Promise<void>
}

type Options = {
  writeSamples: (rows: readonly SampleRow[]) => Promise<void>
  writeUses: (rows: readonly OldUse[]) => Promise<void>
  log: Log
}

const INTERVAL_MS = 500
/** Of one way within one interval; a comparison takes no more than thousands. Those beyond are not noted. */
const MAX_SAMPLES = 200
const MAX_USES = 50_000

/** Collects what happens at old URLs and writes it in batches. What cannot be written is lost: nobody's request waits. */
export const createObservations = ({ writeSamples, writeUses, log }: Options): Observations => {
  let samples: Record<'old' | 'new', SampleRow[]> = { old: [], new: [] }
  let uses = new Map<string, OldUse>()

  const flush = async (): Promise<void> => {
    const [rows, used] = [[...samples.old, ...samples.new], [...uses.values()]]
    samples = { old: [], new: [] }
    uses = new Map()
    try {
      if (rows.length > 0) await writeSamples(rows)
      if (used.length > 0) await writeUses(used)
    } catch (error) {
      log.warn('what happened at old URLs was not written', { error })
    }
  }
  const loop = createLoop({
    name: 'old URLs',
    firstAfterMs: INTERVAL_MS,
    turn: async () => {
      await flush()
      return INTERVAL_MS
    },
  })
  return {
    ...loop,
    addSample: (sample) => {
      const rows = samples[sample.isNew ? 'new' : 'old']
      if (rows.length < MAX_SAMPLES) rows.push(sample)
    },
    addUse: (instanceId) => {
      const known = uses.get(instanceId)
      if (!known && uses.size >= MAX_USES) return
      uses.set(instanceId, { instanceId, lastUsedAt: new Date(), requests: (known?.requests ?? 0) + 1 }) // prettier-ignore
    },
    flush,
    stop: async () => {
      await loop.stop()
      await flush()
    },
  }
}
