import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../base/errors.ts'
import type { LegacyRow, Reason } from '../../model/legacy-row.ts'
import { otherHandle, type Handles } from '../../migration/handles.ts'
import type { Settled } from '../../migration/settle.ts'
import type { Tally } from '../../migration/tally.ts'
import { hashSecretHex, makeInstanceSecret } from '../../model/instance.ts'
import type { Database } from '../../store/database.ts'
import { noteSucceeded } from '../../store/migration-gone.ts'
import { copyMoved } from '../../store/migration-copy.ts'
import { writeLedger, type LedgerEntry } from '../../store/migration-ledger.ts'
import {
  commitLater, dropMade, hasInstance, holdIntact, insertMoved, replaceMoved, type MovedRow,
} from '../../store/migration-writes.ts' // prettier-ignore
import type { Vault } from '../../vault/vault.ts'

/** What writing a batch needs. */
export type Writing = {
  target: Database
  vault: Pick<Vault, 'seal' | 'sealColumns' | 'open'>
  runId: string
  isSandbox: boolean
  tally: Tally
}

type Insert = Extract<Settled, { kind: 'insert' }>
type Update = Extract<Settled, { kind: 'update' }>

/** A batch whose new credentials are sealed; the plaintext is nowhere else. */
export type SealedBatch = { settled: readonly Settled[]; made: readonly { of: Insert; moved: MovedRow }[] } // prettier-ignore

const SEALED_AT_ONCE = 50
/** Migrated keys are checked over a day: their APIs need not hear of all of them at once. */
const CHECKED_WITHIN_S = 86_400

/** Where in a run a batch is. */
type Progress = { done: number; total: number }

/** Seals what shall be inserted. What was moved before holds its handle. */
export const sealBatch = async (
  { vault, handles }: Pick<Writing, 'vault'> & { handles: Handles },
  settled: readonly Settled[],
  { done, total }: Progress,
): Promise<SealedBatch> => {
  for (const { known } of settled) if (known?.moved) handles.hold(known.moved.handle)
  const inserts = settled.filter((one): one is Insert => one.kind === 'insert')
  const made: { of: Insert; moved: MovedRow }[] = []
  for (const [index, of] of inserts.entries()) {
    // The batch before this one is being written meanwhile: its answers shall not wait.
    if (index % SEALED_AT_ONCE === 0) await setImmediate()
    const { id, suffix, userId } = of.row
    const handle = handles.make(of.service, { id, suffix, userId: userId ?? '' })
    const checkAfterS = ((done + index) / total) * CHECKED_WITHIN_S
    made.push({ of, moved: sealInstance(vault, of, { handle, checkAfterS }) })
  }
  return { settled, made }
}

const sealInstance = (
  vault: Writing['vault'],
  of: Insert,
  { handle, checkAfterS }: Pick<MovedRow, 'handle' | 'checkAfterS'>,
): MovedRow => {
  const { row, service, hash, isIncomplete } = of
  const userId = row.userId ?? ''
  const secret = makeInstanceSecret()
  const sealed = vault.sealColumns(
    { handle, userId, service },
    {
      encrypted_api_key: JSON.stringify(of.credentials),
      sealed_secret: secret,
    },
  )
  return {
    oldId: row.id,
    oldType: row.type,
    tokenHash: row.tokenHash,
    hash,
    isIncomplete,
    handle,
    userId,
    service,
    checkAfterS,
    sealedCredentials: sealed.encrypted_api_key,
    secretHash: hashSecretHex(secret),
    sealedSecret: sealed.sealed_secret,
  }
}

/** Writes a batch, all or nothing: the instances, and what became of each row. */
export const writeBatch = async (writing: Writing, batch: SealedBatch): Promise<void> => {
  const outcomes = (await copyNew(writing, batch)) ?? (await writeEach(writing, batch))
  for (const { count, reason } of outcomes) {
    writing.tally.add(count)
    if (reason) writing.tally.leave(reason)
  }
}

/** @returns undefined when the ledger knows one of them, or one goes into an instance that is there, or something of theirs is there already */
const copyNew = async (
  writing: Writing,
  { settled, made }: SealedBatch,
): Promise<Outcome[] | undefined> => {
  if (settled.some(({ known, kind }) => known || kind === 'update')) return undefined
  const outcomes = settled.flatMap(leftOrSame)
  const isCopied = await copyMoved(writing.target, writing, {
    moved: made.map(({ moved }) => moved),
    left: outcomes.flatMap(({ entry }) => entry ?? []),
  })
  return isCopied ? [countMade(made), ...outcomes] : undefined
}

const writeEach = (writing: Writing, batch: SealedBatch): Promise<Outcome[]> =>
  writing.target.transaction(async (transaction) => {
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

const insertAll = async (writing: Writing, { made }: SealedBatch): Promise<Outcome[]> => {
  const omitted = await insertMoved(writing.target, writing, made.map(({ moved }) => moved)) // prettier-ignore
  const done = made.filter(({ moved }) => !omitted.has(moved.handle))
  const outcomes = [countMade(done)]
  for (const { of, moved } of made)
    if (omitted.has(moved.handle)) outcomes.push(await insertOtherwise(writing, of, moved))
  return outcomes
}

const countMade = (made: SealedBatch['made']): Outcome => {
  const incomplete = made.filter(({ moved }) => moved.isIncomplete).length
  return { count: { rows: made.length, moved: made.length, incomplete } }
}

const HANDLE_TRIES = 16

/** The user has one already, or somebody else has the handle. */
const insertOtherwise = async (writing: Writing, of: Insert, taken: MovedRow): Promise<Outcome> => {
  if (await hasInstance(writing.target, taken)) return leftBecause(of, 'exists')
  writing.tally.add({ collisions: 1 })
  for (let attempt = 1; attempt <= HANDLE_TRIES; attempt++) {
    const handle = otherHandle(taken.handle, taken.oldId, attempt)
    const omitted = await insertMoved(writing.target, writing, [sealInstance(writing.vault, of, { ...taken, handle })]) // prettier-ignore
    if (omitted.size === 0) return { count: countOf(of) }
  }
  throw new AppError('internal', `No free handle was found for the old instance ${taken.oldId}.`)
}

const countOf = ({ isIncomplete }: { isIncomplete: boolean }) => ({ rows: 1, moved: 1, incomplete: isIncomplete ? 1 : 0 }) // prettier-ignore

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
  if (one.isHolderGone) await noteSucceeded(target, one.holderId)
  const entry = entryOf(one, { handle, made, flag: flagOf(one) })
  if (isSame && one.holderId === one.row.id) return { entry, count: { rows: 1, unchanged: 1 } }
  return { entry, count: { ...countOf(one), updated: 1 } }
}

const flagOf = ({ isIncomplete }: Update) => (isIncomplete ? 'incomplete' : null)

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
