import { setImmediate } from 'node:timers/promises'
import { bringUsers } from './bring-users.ts'
import { settleGone } from './gone.ts'
import { takeDisplaced } from './displaced.ts'
import { succeedGone } from './successors.ts'
import { sealBatch, writeBatch, type Writing } from './batch.ts'
import { createHandles } from '../../migration/handles.ts'
import { contentOf, type LegacyRow, type Reason, type Variant } from '../../model/legacy-row.ts'
import { groupBy } from '../../migration/conflicts.ts'
import { decodeWhenAsked, type Decoder } from '../../migration/decoders.ts'
import { settleUser, type Known, type Rules, type Settled } from '../../migration/settle.ts'
import { createTally, type Figures } from '../../migration/tally.ts'
import { readUserBatches } from '../../migration/user-batches.ts'
import type { Database } from '../../store/database.ts'
import { withLegacyRows } from '../../store/legacy/rows.ts'
import { releaseDisplaced } from '../../store/migration-gone.ts'
import { isLedgerEmpty, readLedger, type KnownEntry } from '../../store/migration-ledger.ts'
import {
  finishRun,
  lockMigration,
  startRun,
  type MigrationRun,
} from '../../store/migration-runs.ts'
import type { Vault } from '../../vault/vault.ts'

/** What a run needs: the two databases, the vault and the rules. */
export type MigrationParts = {
  source: Database
  target: Database
  vault: Pick<Vault, 'seal' | 'sealColumns' | 'open' | 'fingerprint'>
  variant: Variant
  rules: Omit<Rules, 'hashOf' | 'plaintextOf'>
  decoder: Pick<Decoder, 'decodeAll'>
  isSandbox: boolean
  /** Whether instances go whose rows were deleted in the older database; by default they stay. */
  isGoneDropped?: boolean | undefined
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
    const writes = createWrites()
    let done = 0
    try {
      for await (const rows of readUserBatches<LegacyRow>({ next })) {
        const problems = await bringUsers(parts, writing.runId, rows)
        const known = isFirst ? new Map<string, Known>() : await knownRows(parts.target, rows)
        await releaseDisplaced(parts.target, takeDisplaced(rows, known, parts.rules))
        const rules = { ...parts.rules, problemOf: (userId: string) => problems.get(userId) }
        const ruled = await settleRows({ ...parts, rules }, rows, known)
        const settled = isFirst ? ruled : await succeedGone(parts, ruled)
        const sealed = await sealBatch({ ...parts, handles }, settled, { done, total })
        await writes.add(() => writeBatch(writing, sealed))
        done += rows.length
        onProgress(done, total)
      }
    } finally {
      await writes.settled()
    }
    await writes.end()
  })
  writing.tally.add({ collisions: handles.collisions() })
  if (!isFirst) writing.tally.add(await settleGone(parts, parts.isGoneDropped ?? false))
}

const AT_ONCE = 2

/** Some batches are written while the next ones are sealed; their rows are of different users. */
const createWrites = () => {
  const running: Promise<void>[] = []
  return {
    add: async (write: () => Promise<void>): Promise<void> => {
      if (running.length === AT_ONCE) await running.shift()
      const writing = write()
      writing.catch(() => undefined) // thrown where it is awaited
      running.push(writing)
    },
    /** All of them have ended, whatever came out. */
    settled: async (): Promise<void> => {
      await Promise.allSettled(running)
    },
    /** @throws what went wrong with them */
    end: async (): Promise<void> => {
      await Promise.all(running)
    },
  }
}

const SETTLED_AT_ONCE = 10

/** The rules on a batch of whole users. What is being written meanwhile goes on between them. */
export const settleRows = async (
  {
    rules,
    decoder,
    vault,
  }: Pick<MigrationParts, 'rules' | 'decoder'> & { vault: Pick<Vault, 'fingerprint'> },
  rows: readonly LegacyRow[],
  known: ReadonlyMap<string, Known>,
): Promise<Settled[]> => {
  const ruled = {
    ...rules,
    plaintextOf: decodeWhenAsked(decoder, rows),
    hashOf: (row: LegacyRow) => vault.fingerprint(contentOf(row)),
  }
  const users = groupBy(rows, ({ userId }) => userId ?? '')
  const settled: Settled[] = []
  for (const [index, own] of [...users.values()].entries()) {
    if (index % SETTLED_AT_ONCE === 0) await setImmediate()
    settled.push(...settleUser(own, known, ruled))
  }
  return settled
}

/** What the ledger knows of rows. */
export const knownRows = async (
  target: Database,
  rows: readonly LegacyRow[],
): Promise<Map<string, Known>> => {
  const entries = await readLedger(target, rows.map(({ id }) => id)) // prettier-ignore
  return new Map(entries.map((entry) => [entry.oldId, toKnown(entry)]))
}

export const toKnown = ({
  hash,
  userId,
  type,
  reason,
  handle,
  made,
  service,
  isIntact,
}: KnownEntry): Known => ({
  hash,
  userId,
  type,
  reason: reason === null ? undefined : (reason as Reason),
  moved:
    handle === null
      ? undefined
      : { handle, made, service: service ?? undefined, state: stateOf(isIntact) },
})

const stateOf = (isIntact: boolean | null) =>
  isIntact === null ? 'gone' : isIntact ? 'intact' : 'changed'
