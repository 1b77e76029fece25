import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../base/errors.ts'
import type { LegacyRow, Reason } from '../../migration/legacy-row.ts'
import { otherHandle, type Handles } from '../../migration/handles.ts'
import type { Settled } from '../../migration/settle.ts'
import type { Tally } from '../../migration/tally.ts'
import { hashSecret, makeInstanceSecret } from '../../model/instance.ts'
import type { Database } from '../../store/database.ts'
import { writeLedger, type LedgerEntry } from '../../store/migration-ledger.ts'
import {
  commitLater, dropMade, hasInstance, holdIntact, insertMade, replaceMoved, type MadeInstance,
} from '../../store/migration-writes.ts' // prettier-ignore
import type { Vault } from '../../vault/vault.ts'

/** What writing a batch needs. */
export type Writing = {
  target: Database
  vault: Pick<Vault, 'seal' | 'open'>
  runId: string
  isSandbox: boolean
  tally: Tally
}

type Insert = Extract<Settled, { kind: 'insert' }>
type Update = Extract<Settled, { kind: 'update' }>

/** A batch whose new credentials are sealed; the plaintext is nowhere else. */
export type SealedBatch = { settled: readonly Settled[]; made: readonly { of: Insert; instance: MadeInstance }[] } // prettier-ignore

const SEALED_AT_ONCE = 50

/** Seals what shall be inserted. What was moved before holds its handle. */
export const sealBatch = async (
  vault: Writing['vault'],
  handles: Handles,
  settled: readonly Settled[],
): Promise<SealedBatch> => {
  for (const { known } of settled) if (known?.moved) handles.hold(known.moved.handle)
  const inserts = settled.filter((one): one is Insert => one.kind === 'insert')
  const made: { of: Insert; instance: MadeInstance }[] = []
  for (const [index, of] of inserts.entries()) {
    // The batch before this one is being written meanwhile: its answers shall not wait.
    if (index % SEALED_AT_ONCE === 0) await setImmediate()
    const { id, suffix, userId } = of.row
    const handle = handles.make(of.service, { id, suffix, userId: userId ?? '' })
    made.push({ of, instance: sealInstance(vault, of, handle) })
  }
  return { settled, made }
}

const sealInstance = (vault: Writing['vault'], of: Insert, handle: string): MadeInstance => {
  const owner = { handle, userId: of.row.userId ?? '', service: of.service }
  const secret = makeInstanceSecret()
  return {
    ...owner,
    sealedCredentials: vault.seal({ ...owner, column: 'encrypted_api_key' }, JSON.stringify(of.credentials)), // prettier-ignore
    secretHash: hashSecret(secret).toString('hex'),
    sealedSecret: vault.seal({ ...owner, column: 'sealed_secret' }, secret),
  }
}

/** Writes a batch, all or nothing: the instances, and what became of each row. */
export const writeBatch = async (writing: Writing, batch: SealedBatch): Promise<void> => {
  const counted = await writing.target.transaction(async (transaction) => {
    await commitLater(transaction)
    const within = { ...writing, target: transaction }
    const outcomes = [
      ...(await insertAll(within, batch)),
      ...(await changeAll(within, batch.settled)),
      ...batch.settled.flatMap(leftOrSame),
    ]
    await writeLedger(transaction, writing.runId, outcomes.flatMap(({ entry }) => entry ?? [])) // prettier-ignore
    return outcomes
  })
  for (const { count, reason } of counted) {
    writing.tally.add(count)
    if (reason) writing.tally.leave(reason)
  }
}

/** What became of a row: for the ledger, unless it says so already, and for the figures. */
type Outcome = {
  entry?: LedgerEntry
  count: Parameters<Tally['add']>[0]
  reason?: Reason
}

const entryOf = (
  { row, hash }: { row: LegacyRow; hash: string },
  outcome: Partial<Pick<LedgerEntry, 'reason' | 'handle' | 'flag' | 'made'>>,
): LedgerEntry => ({
  oldId: row.id,
  oldType: row.type,
  tokenHash: row.tokenHash,
  userId: row.userId,
  hash,
  reason: null,
  handle: null,
  flag: null,
  made: false,
  ...outcome,
})

const leftBecause = (one: Settled, reason: Reason): Outcome => {
  const isKnown = one.known?.reason === reason && one.known.hash === one.hash
  return { ...(isKnown ? {} : { entry: entryOf(one, { reason }) }), count: { rows: 1 }, reason }
}

const leftOrSame = (one: Settled): Outcome[] => {
  if (one.kind === 'left') return [leftBecause(one, one.reason)]
  return one.kind === 'unchanged' ? [{ count: { rows: 1, unchanged: 1 } }] : []
}

const flagOf = ({ isIncomplete }: { isIncomplete: boolean }) => (isIncomplete ? 'incomplete' : null)

const movedNow = (one: Insert | Update, handle: string, made: boolean): Outcome => ({
  entry: entryOf(one, { handle, made, flag: flagOf(one) }),
  count: { rows: 1, moved: 1, incomplete: one.isIncomplete ? 1 : 0 },
})

const insertAll = async (writing: Writing, { made }: SealedBatch): Promise<Outcome[]> => {
  const { target, isSandbox } = writing
  const done = await insertMade(target, made.map(({ instance }) => instance), isSandbox) // prettier-ignore
  const outcomes: Outcome[] = []
  for (const { of, instance } of made)
    outcomes.push(
      done.has(instance.handle)
        ? movedNow(of, instance.handle, true)
        : await insertOtherwise(writing, of, instance),
    )
  return outcomes
}

const HANDLE_TRIES = 16

/** The user has one already, or somebody else has the handle. */
const insertOtherwise = async (
  { target, vault, isSandbox, tally }: Writing,
  of: Insert,
  taken: MadeInstance,
): Promise<Outcome> => {
  if (await hasInstance(target, taken)) return leftBecause(of, 'exists')
  tally.add({ collisions: 1 })
  for (let attempt = 1; attempt <= HANDLE_TRIES; attempt++) {
    const instance = sealInstance(vault, of, otherHandle(taken.handle, of.row.id, attempt))
    const done = await insertMade(target, [instance], isSandbox)
    if (done.size > 0) return movedNow(of, instance.handle, true)
  }
  throw new AppError('internal', `No free handle was found for the old instance ${of.row.id}.`)
}

const changeAll = async (writing: Writing, settled: readonly Settled[]): Promise<Outcome[]> => {
  const outcomes: Outcome[] = []
  for (const one of settled) {
    if (one.kind === 'update') outcomes.push(await update(writing, one))
    else if (one.kind === 'drop') outcomes.push(await drop(writing, one, one.reason))
    else if (one.kind === 'keep') outcomes.push(keep(one))
  }
  return outcomes
}

const update = async ({ target, vault }: Writing, one: Update): Promise<Outcome> => {
  const { handle = '', made = false } = one.holder.moved ?? {}
  const sealed = await holdIntact(target, one.holderId)
  // Somebody changed it in this very moment; the next run sees what it is by then.
  if (sealed === undefined) return { count: { rows: 1, kept: 1 } }
  const place = { handle, userId: one.row.userId ?? '', service: one.service, column: 'encrypted_api_key' } // prettier-ignore
  const wanted = JSON.stringify(one.credentials)
  const isSame = sameFields(vault.open(place, sealed), wanted)
  await replaceMoved(target, handle, isSame ? null : vault.seal(place, wanted))
  const moved = movedNow(one, handle, made)
  if (isSame && one.holderId === one.row.id) return { ...moved, count: { rows: 1, unchanged: 1 } }
  return { ...moved, count: { ...moved.count, updated: 1 } }
}

/** Whether two JSON objects of text fields are equal, whatever their order. */
export const sameFields = (one: string, other: string): boolean => {
  const sorted = (text: string) => Object.entries(JSON.parse(text) as object).sort(([a], [b]) => (a < b ? -1 : 1)) // prettier-ignore
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

/** What the run did not make stays, and so does what was changed in this very moment. */
const drop = async ({ target }: Writing, one: Settled, reason: Reason): Promise<Outcome> => {
  const { moved } = one.known ?? {}
  if (moved?.made !== true || (await holdIntact(target, one.row.id)) === undefined) return keep(one)
  await dropMade(target, moved.handle)
  const left = leftBecause(one, reason)
  return { ...left, count: { ...left.count, dropped: 1 } }
}

const keep = (one: Settled): Outcome => {
  const { handle = '', made = false } = one.known?.moved ?? {}
  return { entry: entryOf(one, { handle, made, flag: 'kept' }), count: { rows: 1, kept: 1 } }
}
