import { foreseeExisting, foreseeUsers } from './foresee.ts'
import { countGone } from './gone.ts'
import { takeDisplaced } from './displaced.ts'
import { knownRows, settleRows, type MigrationParts } from './run.ts'
import { succeedGone } from './successors.ts'
import { groupBy } from '../../migration/conflicts.ts'
import { createHandles } from '../../migration/handles.ts'
import type { LegacyRow } from '../../model/legacy-row.ts'
import type { Conflict, PlanFile } from '../../migration/plan-file.ts'
import type { Known, Settled } from '../../migration/settle.ts'
import { createTally, type Figures, type Tally } from '../../migration/tally.ts'
import { readUserBatches } from '../../migration/user-batches.ts'
import { nearestFew } from '../../model/nearest.ts'
import type { Database } from '../../store/database.ts'
import { readUsersTable } from '../../store/migration-foresight.ts'
import { withLegacyRows } from '../../store/legacy/rows.ts'

export type MigrationPlan = Pick<PlanFile, 'unknownTypes' | 'conflicts'> & { figures: Figures }

type PlanParts = Omit<MigrationParts, 'target' | 'vault' | 'isSandbox'> & {
  /** Berth's own database, as far as there is one. */
  target: Database | undefined
  /** What was moved already; undefined before the first run. */
  moved: { database: Database; vault: MigrationParts['vault'] } | undefined
}

/** Nobody was moved yet: then there is nothing to compare with either. */
const NO_VAULT = { fingerprint: () => '' }
const NEAREST = 3

/** Says what a run would do; reads alone. */
export const planMigration = async (
  parts: PlanParts,
  onProgress: (done: number, total: number) => void,
): Promise<MigrationPlan> => {
  const tally = createTally()
  const handles = createHandles()
  const unknown = new Map<string, number>()
  const conflicts: Conflict[] = []
  const { moved, rules, source, target } = parts
  const table = target && (await readUsersTable(target))
  const users = { source, target: table && target, wantsEmail: table?.wantsEmail ?? true }
  await withLegacyRows(parts.source, parts.variant, async ({ total, next }) => {
    let done = 0
    for await (const rows of readUserBatches<LegacyRow>({ next })) {
      const known = moved ? await knownRows(moved.database, rows) : new Map<string, Known>()
      const displaced = takeDisplaced(rows, known, rules)
      const problems = await foreseeUsers(users, rows)
      const foreseen = { ...rules, problemOf: (userId: string) => problems.get(userId) }
      const ruled = await settleRows({ ...parts, rules: foreseen, vault: moved?.vault ?? NO_VAULT }, rows, known) // prettier-ignore
      const settled = moved ? await foresee({ source: parts.source, target: moved.database }, ruled, displaced) : ruled // prettier-ignore
      for (const one of settled) count(one, tally, handles)
      for (const { type } of settled.filter(isUnknown).map(({ row }) => row))
        unknown.set(type, (unknown.get(type) ?? 0) + 1)
      conflicts.push(...conflictsIn(settled, parts))
      done += rows.length
      onProgress(done, total)
    }
  })
  tally.add({ collisions: handles.collisions() })
  if (moved) tally.add({ sourceGone: await countGone({ source: parts.source, target: moved.database }) }) // prettier-ignore
  const names = [...rules.services.keys()]
  const unknownTypes = [...unknown].sort(([, a], [, b]) => b - a).map(([type, rows]) => ({ type, rows, nearest: nearestFew(type, names, NEAREST) })) // prettier-ignore
  return { figures: tally.figures(), unknownTypes, conflicts }
}

const foresee = async (
  both: { source: Database; target: Database },
  ruled: readonly Settled[],
  displaced: readonly string[],
): Promise<Settled[]> => foreseeExisting(both.target, await succeedGone(both, ruled), displaced)

const isUnknown = (one: Settled): boolean => one.kind === 'left' && one.reason === 'unknown_type'

const count = (one: Settled, tally: Tally, handles: ReturnType<typeof createHandles>): void => {
  tally.add({ rows: 1 })
  if (one.kind === 'left') tally.leave(one.reason)
  else if (one.kind === 'unchanged') tally.add({ unchanged: 1 })
  else if (one.kind === 'keep') tally.add({ kept: 1 })
  else if (one.kind === 'drop') {
    tally.add({ dropped: 1 })
    tally.leave(one.reason)
  } else {
    tally.add({ moved: 1, incomplete: one.isIncomplete ? 1 : 0 })
    if (one.kind === 'update') tally.add({ updated: 1 })
    else handles.make(one.service, { ...one.row, userId: one.row.userId ?? '' })
  }
}

/** Who was left because another goes before it, with that other one. */
const conflictsIn = (
  settled: readonly Settled[],
  { rules: { services, types } }: PlanParts,
): Conflict[] => {
  const serviceOf = ({ row }: Settled) => services.get(types[row.type] ?? row.type)?.name ?? ''
  const losers = settled.filter((one) => one.kind === 'left' && one.reason === 'conflict')
  if (losers.length === 0) return []
  const keyOf = (one: Settled) => `${one.row.userId} ${serviceOf(one)}`
  const keys = new Set(losers.map(keyOf))
  const rivals = settled.filter((one) => keys.has(keyOf(one)) && (one.kind !== 'left' || one.reason === 'conflict')) // prettier-ignore
  return [...groupBy(rivals, keyOf).values()].map((group) => ({
    userId: group[0]?.row.userId ?? '',
    service: group[0] ? serviceOf(group[0]) : '',
    instances: group.map(({ row }) => ({ id: row.id, updatedAt: momentOf(row) })),
    keep: group.find(({ kind }) => kind !== 'left')?.row.id ?? null,
  }))
}

/** Postgres knows moments that JavaScript does not, such as `infinity`. */
const momentOf = ({ updatedAt }: LegacyRow): string | null => {
  if (updatedAt === 0) return null
  const date = new Date(updatedAt / 1000)
  return Number.isNaN(date.getTime()) ? String(updatedAt) : date.toISOString()
}
