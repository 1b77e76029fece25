import { sameFields } from './batch.ts'
import { countGone } from './gone.ts'
import { settleRows, toKnown, type MigrationParts } from './run.ts'
import type { LegacyRow } from '../../model/legacy-row.ts'
import { decodeWhenAsked } from '../../migration/decoders.ts'
import type { Rules, Settled } from '../../migration/settle.ts'
import { readLegacyCredentials } from '../../migration/read-credentials.ts'
import { createSample } from '../../migration/sample.ts'
import { readUserBatches } from '../../migration/user-batches.ts'
import { AppError } from '../../base/errors.ts'
import { hashSecret } from '../../model/instance.ts'
import type { Service } from '../../model/service.ts'
import { withLegacyRows } from '../../store/legacy/rows.ts'
import { readReviewed, type ReviewedEntry } from '../../store/migration-review.ts'

/** A moved instance with the secret of its URL, for calling it. */
export type Callable = { handle: string; secret: string; service: string }

/** Something that is not as it must be. */
type Finding = { oldId: string; handle: string | null; problem: string }

export type Verified = {
  isRight: boolean
  rows: number
  /** Moved; their credentials open and are those of their source, and their URL's secret opens the handle. */
  equal: number
  left: Record<string, number>
  /** Moved, and changed by somebody here since: not compared. */
  changedHere: number
  /** Moved, and changed in the old world since: the next run brings them. */
  changedThere: number
  /** Moved, and no longer to be: the next run removes them here. */
  wouldDrop: number
  /** Left, and to be moved since: the next run brings them. */
  wouldMove: number
  /** Moved, and deleted in the old world since: they stay. */
  sourceGone: number
  /** Moved, and removed here since. */
  removed: number
  /** Not in the ledger: came after the last run. */
  notMigrated: number
  wrong: number
  /** The first of what is wrong. */
  findings: Finding[]
}

const MAX_FINDINGS = 20

/**
 * Compares every row of the old database with what became of it.
 * @param sampleSize of how many moved instances the URL's secret is handed back, drawn at random
 */
export const verifyMigration = async (
  parts: Omit<MigrationParts, 'isSandbox'>,
  sampleSize: number,
  onProgress: (done: number, total: number) => void,
): Promise<{ verified: Verified; sample: Callable[] }> => {
  const sums: Verified = {
    isRight: true, rows: 0, equal: 0, left: {}, changedHere: 0, changedThere: 0, wouldDrop: 0, wouldMove: 0, sourceGone: 0, removed: 0, notMigrated: 0, wrong: 0, findings: [],
  } // prettier-ignore
  const sample = createSample<Callable>(sampleSize)
  await withLegacyRows(parts.source, parts.variant, async ({ total, next }) => {
    for await (const rows of readUserBatches<LegacyRow>({ next })) {
      const entries = new Map((await readReviewed(parts.target, rows.map(({ id }) => id))).map((entry) => [entry.oldId, entry])) // prettier-ignore
      const plaintextOf = decodeWhenAsked(parts.decoder, rows)
      const known = new Map([...entries].map(([id, entry]) => [id, toKnown(entry)]))
      for (const { row, kind } of await settleRows(parts, rows, known))
        note(sums, review({ ...parts, plaintextOf, next: kind }, row, entries.get(row.id)), sample.offer) // prettier-ignore
      onProgress(sums.rows, total)
    }
  })
  sums.sourceGone = await countGone(parts)
  sums.isRight = sums.wrong === 0 && sums.notMigrated === 0
  return { verified: sums, sample: sample.taken() }
}

type Review =
  | { kind: 'left'; reason: string }
  | { kind: 'equal'; callable: Callable }
  | { kind: 'changedHere' | 'changedThere' | 'wouldDrop' | 'wouldMove' | 'removed' | 'notMigrated' }
  | ({ kind: 'wrong' } & Finding)

const note = (sums: Verified, review: Review, offer: (callable: Callable) => void): void => {
  sums.rows += 1
  if (review.kind === 'left') {
    sums.left[review.reason] = (sums.left[review.reason] ?? 0) + 1
    return
  }
  sums[review.kind] += 1
  if (review.kind === 'equal') offer(review.callable)
  if (review.kind !== 'wrong' || sums.findings.length === MAX_FINDINGS) return
  const { oldId, handle, problem } = review
  sums.findings.push({ oldId, handle, problem })
}

type Moved = ReviewedEntry & { handle: string; service: string; userId: string }

type ReviewParts = Pick<MigrationParts, 'vault' | 'rules'> & { plaintextOf: Rules['plaintextOf']; next: Settled['kind'] } // prettier-ignore

/** What only the moment of writing tells: who has the user's place here. */
const TOLD_BY_WRITING: readonly unknown[] = ['user_conflict', 'user_missing', 'exists']

const reviewLeft = ({ reason }: ReviewedEntry, next: Settled['kind']): Review => {
  const isMovable = next === 'insert' || next === 'update'
  if (isMovable && !TOLD_BY_WRITING.includes(reason)) return { kind: 'wouldMove' }
  return { kind: 'left', reason: reason ?? '' }
}

const review = (parts: ReviewParts, row: LegacyRow, entry: ReviewedEntry | undefined): Review => {
  if (!entry) return { kind: 'notMigrated' }
  if (entry.handle === null) return reviewLeft(entry, parts.next)
  if (entry.isIntact === null) return { kind: 'removed' }
  if (!entry.isIntact) return { kind: 'changedHere' }
  return parts.next === 'drop' ? { kind: 'wouldDrop' } : reviewMoved(parts, row, entry as Moved)
}

const reviewMoved = (parts: ReviewParts, row: LegacyRow, entry: Moved): Review => {
  try {
    const compared = compare(parts, row, entry)
    const isReplaced = parts.next === 'left' || parts.next === 'update'
    return compared.kind === 'wrong' && isReplaced ? { kind: 'changedThere' } : compared
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { kind: 'wrong', oldId: row.id, handle: entry.handle, problem: error.message }
  }
}

const compare = (
  { vault, rules, plaintextOf }: ReviewParts,
  row: LegacyRow,
  { handle, service, userId, ...entry }: Moved,
): Review => {
  const wrong = (problem: string): Review => ({ kind: 'wrong', oldId: row.id, handle, problem })
  if (userId !== row.userId) return wrong('belongs to another user')
  const place = { handle, userId, service }
  const secret = vault.open({ ...place, column: 'sealed_secret' }, entry.sealedSecret ?? '')
  if (hashSecret(secret).toString('hex') !== entry.secretHash) return wrong('its URL does not open it') // prettier-ignore
  const wanted = wantedOf(plaintextOf(row), rules.services.get(service))
  if (wanted === undefined) return wrong('its source cannot be decoded any more')
  const opened = vault.open({ ...place, column: 'encrypted_api_key' }, entry.sealedCredentials ?? '') // prettier-ignore
  if (!sameFields(opened, wanted)) return wrong('its credentials are not those of its source')
  return { kind: 'equal', callable: { handle, secret, service } }
}

const wantedOf = (
  plaintext: string | undefined,
  service: Service | undefined,
): string | undefined => {
  if (plaintext === undefined || !service) return undefined
  const read = readLegacyCredentials(plaintext, service)
  return typeof read === 'string' ? undefined : JSON.stringify(read.credentials)
}
