import { sealBatch, writeBatch, type Writing } from './migration-batch.ts'
import { createHandles } from './migration/handles.ts'
import { contentOf, type LegacyRow, type Reason, type Variant } from './migration/legacy-row.ts'
import { groupBy } from './migration/conflicts.ts'
import { settleUser, type Known, type Rules, type Settled } from './migration/settle.ts'
import { createTally, type Figures } from './migration/tally.ts'
import { readUserBatches } from './migration/user-batches.ts'
import type { Database } from './store/database.ts'
import { readLegacyUsers, withLegacyRows } from './store/legacy/rows.ts'
import { isLedgerEmpty, readLedger, type KnownEntry } from './store/migration-ledger.ts'
import { finishRun, lockMigration, startRun, type MigrationRun } from './store/migration-runs.ts'
import { copyUsers, knownUsers } from './store/migration-writes.ts'
import type { Vault } from './vault/vault.ts'

/** What a run needs: the two databases, the vault and the rules. */
export type MigrationParts = {
  source: Database
  target: Database
  vault: Pick<Vault, 'seal' | 'open' | 'fingerprint'>
  variant: Variant
  rules: Omit<Rules, 'hashOf'>
  isSandbox: boolean
}

type OnProgress = (done: number, total: number) => void

/**
 * Moves what is new or changed. May be killed at any moment and begun again: a batch's instances and its rows of the ledger
 * are written together, and what the ledger knows is not moved again.
 *
 * @throws AppError `locked` when another run is under way
 */
export const runMigration = (
  parts: MigrationParts,
  run: MigrationRun,
  onProgress: OnProgress,
): Promise<Figures> =>
  lockMigration(parts.target, async () => {
    await startRun(parts.target, run)
    const tally = createTally()
    try {
      await moveAll(parts, { ...parts, runId: run.id, tally }, onProgress)
    } catch (error) {
      await finishRun(parts.target, run.id, { state: 'failed', figures: tally.figures() }).catch(() => undefined) // prettier-ignore
      throw error
    }
    const figures = tally.figures()
    await finishRun(parts.target, run.id, { state: 'done', figures })
    return figures
  })

const moveAll = async (
  parts: MigrationParts,
  writing: Writing,
  onProgress: OnProgress,
): Promise<void> => {
  const isFirst = await isLedgerEmpty(parts.target)
  const handles = createHandles()
  await withLegacyRows(parts.source, parts.variant, async ({ total, next }) => {
    let written = Promise.resolve()
    let done = 0
    for await (const rows of readUserBatches<LegacyRow>({ next })) {
      const problems = await bringUsers(parts, writing.runId, rows)
      const known = isFirst ? new Map<string, Known>() : await knownRows(parts.target, rows)
      const rules = { ...parts.rules, problemOf: (userId: string) => problems.get(userId) }
      const settled = settleRows({ rules, vault: parts.vault }, rows, known)
      const sealed = await sealBatch(parts.vault, handles, settled)
      // One batch is written while the next one is sealed.
      await written
      written = writeBatch(writing, sealed)
      written.catch(() => undefined)
      done += rows.length
      onProgress(done, total)
    }
    await written
  })
  writing.tally.add({ collisions: handles.collisions() })
}

/** The rules on a batch of whole users. */
export const settleRows = (
  { rules, vault }: { rules: MigrationParts['rules']; vault: Pick<Vault, 'fingerprint'> },
  rows: readonly LegacyRow[],
  known: ReadonlyMap<string, Known>,
): Settled[] => {
  const hashOf = (row: LegacyRow) => vault.fingerprint(contentOf(row))
  const users = groupBy(rows, ({ userId }) => userId ?? '')
  return [...users.values()].flatMap((own) => settleUser(own, known, { ...rules, hashOf }))
}

/** What the ledger knows of rows. */
export const knownRows = async (
  target: Database,
  rows: readonly LegacyRow[],
): Promise<Map<string, Known>> => {
  const entries = await readLedger(target, rows.map(({ id }) => id)) // prettier-ignore
  return new Map(entries.map((entry) => [entry.oldId, toKnown(entry)]))
}

const toKnown = ({ hash, reason, handle, made, service, isIntact }: KnownEntry): Known => ({
  hash,
  reason: reason === null ? undefined : (reason as Reason),
  moved:
    handle === null
      ? undefined
      : { handle, made, service: service ?? undefined, state: stateOf(isIntact) },
})

const stateOf = (isIntact: boolean | null) =>
  isIntact === null ? 'gone' : isIntact ? 'intact' : 'changed'

/** Users of another database come with their instances, by id and email; never is one taken for another by the email. */
const bringUsers = async (
  { source, target }: MigrationParts,
  runId: string,
  rows: readonly LegacyRow[],
): Promise<Map<string, Reason>> => {
  const ids = [...new Set(rows.flatMap(({ userId, hasUser }) => (userId !== null && hasUser ? [userId] : [])))] // prettier-ignore
  const here = await knownUsers(target, ids)
  const missing = ids.filter((id) => !here.has(id))
  if (missing.length === 0) return new Map()
  await copyUsers(target, runId, await readLegacyUsers(source, missing))
  const copied = await knownUsers(target, missing)
  return new Map(missing.filter((id) => !copied.has(id)).map((id) => [id, 'user_conflict']))
}
