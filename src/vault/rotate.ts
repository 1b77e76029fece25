import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../base/errors.ts'
import type { Rotation } from '../model/keys.ts'

/** What a rotation needs of the ring, the database and the processes that use them. */
export type RotationNeeds = {
  /** The key that shall seal: one that waits already, or a new one. */
  begin: () => Promise<string>
  /** This process loads what is new and says so. */
  refresh: () => Promise<void>
  /** Live processes that have not loaded the key. */
  lacking: (kid: string) => Promise<string[]>
  /** Makes the key seal, unless somebody lacks it. @returns who does */
  activate: (kid: string) => Promise<string[]>
  /** Live processes that still seal by another key. */
  sealingOtherwise: (kid: string) => Promise<string[]>
  /** False once a later rotation has taken over. */
  isActive: (kid: string) => Promise<boolean>
  /** Values that the key has sealed, and all. */
  count: (kid: string) => Promise<{ done: number; total: number }>
  /** Each table that holds sealed values. */
  tables: number
  resealBatch: (
    kid: string,
    at: { table: number; after: string | undefined },
  ) => Promise<ResealedBatch>
}

export type ResealedBatch = {
  /** Values sealed again. */
  values: number
  unreadable: number
  /** Where the next batch begins; undefined at the end of the table. */
  last: string | undefined
}

type OnProgress = (rotation: Rotation) => void
type Run = { needs: RotationNeeds; kid: string; onProgress: OnProgress }

const POLL_MS = 200
const WAIT_MS = 60_000

/**
 * Gives the vault a new key and seals everything again by it, while everything goes on. May be ended anywhere, at any time,
 * and begun again: it goes on where it was. Several at once work on the same.
 *
 * @throws AppError `key_pending` when a live process does not load the new key in time; the old one goes on sealing
 */
export const rotateKeys = async (
  needs: RotationNeeds,
  onProgress: OnProgress,
): Promise<Rotation> => {
  const run = { needs, kid: await needs.begin(), onProgress }
  await waitThenActivate(run)
  return resealAll(run)
}

const waitThenActivate = async ({ needs, kid, onProgress }: Run): Promise<void> => {
  const until = Date.now() + WAIT_MS
  for (;;) {
    await needs.refresh()
    let waitingFor = await needs.lacking(kid)
    if (waitingFor.length === 0) waitingFor = await needs.activate(kid)
    if (waitingFor.length === 0) break
    onProgress({ kid, phase: 'waiting', waitingFor, ...(await needs.count(kid)), unreadable: 0 })
    if (Date.now() > until)
      throw new AppError(
        'key_pending',
        `The new key ${kid} waits for ${waitingFor.join(', ')}, which did not load it. Give them the same key ring file, ` +
          'or end them, then run berth keys rotate again. The old key goes on sealing.',
      )
    await delay(POLL_MS)
  }
  await needs.refresh()
}

const resealAll = async (run: Run): Promise<Rotation> => {
  const { needs, kid, onProgress } = run
  for (;;) {
    // Asked before the pass: what they sealed until then is found by it.
    const waitingFor = await needs.sealingOtherwise(kid)
    const unreadable = await resealPass(run, waitingFor)
    const rotation = { kid, waitingFor, unreadable, ...(await needs.count(kid)) }
    const isSealed = waitingFor.length === 0 && rotation.done + unreadable >= rotation.total
    if (isSealed || !(await needs.isActive(kid))) {
      const done: Rotation = { ...rotation, phase: 'done' }
      onProgress(done)
      return done
    }
    onProgress({ ...rotation, phase: 'sealing' })
    await delay(POLL_MS)
  }
}

/** Once through all tables. Rows that others hold are left to the next pass. */
const resealPass = async (
  { needs, kid, onProgress }: Run,
  waitingFor: string[],
): Promise<number> => {
  const counted = await needs.count(kid)
  let { done } = counted
  let unreadable = 0
  for (let table = 0; table < needs.tables; table++) {
    let after: string | undefined
    do {
      const batch = await needs.resealBatch(kid, { table, after })
      after = batch.last
      done += batch.values
      unreadable += batch.unreadable
      onProgress({ kid, phase: 'sealing', waitingFor, done, total: counted.total, unreadable })
      await setImmediate() // requests that wait come first
    } while (after !== undefined)
  }
  return unreadable
}
