import type { Comparison } from '../../cutover/comparison/comparison.ts'
import { obstacleOf } from '../../cutover/obstacles.ts'
import { viewOf } from '../../cutover/watch-paths.ts'
import { CUTOVER_STEPS, type CutoverView } from '../../model/cutover.ts'
import {
  findCutover,
  listDecisions,
  listMovedServices,
  type StoredCutover,
} from '../../store/cutovers.ts'
import type { Database } from '../../store/database.ts'
import { readOldRouting } from '../../store/old-routing.ts'

const MAX_DECISIONS = 20

/** The cutover that is under way, or the last one, as people and programs see it. */
export const readCutoverView = async (
  database: Database,
  comparisonOf: (epoch: number) => Comparison | undefined,
): Promise<CutoverView | null> => {
  const found = await findCutover(database)
  if (!found) return null
  const { id, startedAt, endedAt, state } = found
  const { percent, epoch } = await readOldRouting(database)
  const comparison = endedAt === null ? comparisonOf(epoch) : undefined
  const decisions = await listDecisions(database, id, MAX_DECISIONS)
  const { step, isDone, problem, skippedHook, isAutomatic, percents, ending } = state
  return {
    id,
    step,
    number: CUTOVER_STEPS.indexOf(step) + 1,
    state: stateOf(found),
    isDone,
    problem,
    waitsFor: ending === null ? (obstacleOf(state, comparison) ?? null) : null,
    skippedHook,
    services: await listMovedServices(database),
    isAutomatic,
    percents: [...percents],
    percent,
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    reason: ending?.reason ?? null,
    comparison: comparison ? viewOf(comparison) : null,
    decisions: decisions.map((made) => ({ ...made, at: made.at.toISOString() })),
  }
}

const stateOf = ({ endedAt, state: { ending } }: StoredCutover): CutoverView['state'] => {
  if (ending === null) return 'running'
  return endedAt === null ? 'ending' : ending.outcome
}
