import type { LegacyRow } from '../../model/legacy-row.ts'
import { isDisplaced, type Known, type Rules } from '../../migration/settle.ts'

/**
 * Takes out of what is known the rows that became another user's, or of another service, since they were moved: they are new
 * ones. What was made of them before is no longer theirs.
 *
 * @returns their ids
 */
export const takeDisplaced = (
  rows: readonly LegacyRow[],
  known: Map<string, Known>,
  rules: Pick<Rules, 'services' | 'types'>,
): string[] => {
  const displaced = rows.filter((row) => {
    const before = known.get(row.id)
    return before !== undefined && isDisplaced(row, before, rules)
  })
  for (const { id } of displaced) known.delete(id)
  return displaced.map(({ id }) => id)
}
