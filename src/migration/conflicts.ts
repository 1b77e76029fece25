import type { LegacyRow } from '../model/legacy-row.ts'

export const ON_CONFLICT = ['newest', 'oldest', 'report'] as const

/** Which of several movable instances of one user and service is moved; `report`: none, somebody has to decide. */
export type OnConflict = (typeof ON_CONFLICT)[number]

/** Old ids that somebody chose in the plan's file. */
export type Decisions = ReadonlySet<string>

type Candidate = Pick<LegacyRow, 'id' | 'updatedAt'>

/**
 * A decision goes before the rule. The newest has the greatest `updated_at`, the oldest the smallest; of several with the
 * same, the one with the greater or smaller id.
 *
 * @returns the old id; undefined when nobody has decided
 */
export const pickWinner = (
  candidates: readonly Candidate[],
  onConflict: OnConflict,
  decisions: Decisions,
): string | undefined => {
  if (candidates.length < 2) return candidates[0]?.id
  const decided = candidates.find(({ id }) => decisions.has(id))
  if (decided || onConflict === 'report') return decided?.id
  const sorted = [...candidates].sort(byAge)
  return (onConflict === 'newest' ? sorted.at(-1) : sorted[0])?.id
}

const byAge = (one: Candidate, other: Candidate): number =>
  one.updatedAt - other.updatedAt || (one.id < other.id ? -1 : 1)

/** In the order of the first of each. */
export const groupBy = <T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): ReadonlyMap<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
