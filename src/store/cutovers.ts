import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import { CUTOVER_OUTCOMES, CUTOVER_STEPS, type CutoverState } from '../model/cutover.ts'
import { firstOf, type Database } from './database.ts'

export type StoredCutover = {
  id: number
  startedAt: Date
  endedAt: Date | null
  version: number
  state: CutoverState
}

const state = z.object({
  step: z.enum(CUTOVER_STEPS),
  isDone: z.boolean(),
  problem: z.string().nullable(),
  isStuck: z.boolean(),
  percents: z.array(z.number()).min(1),
  stage: z.int(),
  toleranceMs: z.number().default(10),
  toolErrors: z.boolean().default(true),
  isAutomatic: z.boolean(),
  notice: z.string(),
  hasStopped: z.boolean(),
  skippedHook: z.string().nullable().default(null),
  ending: z.object({ outcome: z.enum(CUTOVER_OUTCOMES), reason: z.string() }).nullable(),
})

type Row = Omit<StoredCutover, 'state'> & { state: unknown }
const COLUMNS = 'id, started_at as "startedAt", ended_at as "endedAt", version, state'

/** The newest cutover. */
export const findCutover = async (database: Database): Promise<StoredCutover | undefined> => {
  const row = firstOf(await database.query<Row>(`select ${COLUMNS} from cutovers order by id desc limit 1`)) // prettier-ignore
  if (!row) return undefined
  const parsed = state.safeParse(row.state)
  if (parsed.success) return { ...row, state: parsed.data }
  throw new AppError('internal', 'The state of the cutover is not what it should be.', { cause: parsed.error }) // prettier-ignore
}

/** @returns false while another one runs */
export const insertCutover = async (database: Database, begun: CutoverState): Promise<boolean> => {
  const rows = await database.query(
    `insert into cutovers (state) values ($1::jsonb) on conflict ((true)) where ended_at is null do nothing returning id`,
    [JSON.stringify(begun)],
  )
  return rows.length === 1
}

/** @returns false when somebody else has changed it meanwhile */
export const updateCutover = async (
  database: Database,
  { id, version, state: now }: Pick<StoredCutover, 'id' | 'version' | 'state'>,
  hasEnded: boolean,
): Promise<boolean> => {
  const rows = await database.query(
    `update cutovers set state = $3::jsonb, version = version + 1, ended_at = case when $4::boolean then now() end
     where id = $1 and version = $2 and ended_at is null returning id`,
    [id, version, JSON.stringify(now), hasEnded],
  )
  return rows.length === 1
}

export type NewDecision = {
  cutoverId: number
  step: string
  percent: number
  decision: string
  reason: string
  figures: unknown
}

export const addDecision = async (database: Database, made: NewDecision): Promise<void> => {
  await database.query(
    'insert into cutover_decisions (cutover_id, step, percent, decision, reason, figures) values ($1, $2, $3, $4, $5, $6::jsonb)',
    [made.cutoverId, made.step, made.percent, made.decision, made.reason, JSON.stringify(made.figures)], // prettier-ignore
  )
}

/** Newest first. */
export const listDecisions = (database: Database, cutoverId: number, limit: number) =>
  database.query<{ at: Date; step: string; percent: number; decision: string; reason: string }>(
    `select at, step, percent::float8 as percent, decision, reason from cutover_decisions
     where cutover_id = $1 order by id desc limit $2`,
    [cutoverId, limit],
  )

/** The services of moved instances: those that must be up. */
export const listMovedServices = async (database: Database): Promise<string[]> => {
  const rows = await database.query<{ service: string }>(
    `select distinct i.service_type as service from migration_ledger l
     join user_service_instances i on i.instance_id = l.instance_id where l.outcome = 'moved' order by 1`,
  )
  return rows.map(({ service }) => service)
}
