import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import { serviceUnknown } from '../model/service-unknown.ts'
import { ON_CONFLICT } from './conflicts.ts'
import { FORMATS } from './decoders.ts'

// Any UUID that Postgres takes, whatever its version.
const uuid = z.guid()

const MAX_SAID = 10

const conflictSchema = z.object({
  userId: uuid,
  service: z.string(),
  /** `updatedAt` is null when the row does not say. */
  instances: z.array(z.object({ id: uuid, updatedAt: z.string().nullable() })),
  /** Which one is moved; null: none, until somebody has decided. */
  keep: uuid.nullable(),
})

/** What somebody has to look at, and may change, before a run. */
const planFileSchema = z.object({
  version: z.literal(1),
  madeAt: z.string(),
  source: z.string(),
  variant: z.enum(['a', 'b']),
  decoder: z.object({ format: z.enum(FORMATS), key: z.string() }),
  onConflict: z.enum(ON_CONFLICT),
  figures: z.record(z.string(), z.unknown()),
  /** Rows whose type the registry does not have. */
  unknownTypes: z.array(z.object({ type: z.string(), rows: z.number(), nearest: z.array(z.string()) })),
  /** To be filled in: the service for a type that is called otherwise. */
  types: z.record(z.string(), z.string()),
  conflicts: z.array(conflictSchema),
}) // prettier-ignore

export type Conflict = z.output<typeof conflictSchema>
export type PlanFile = z.output<typeof planFileSchema>

export const writePlanFile = (file: string, plan: PlanFile): void =>
  writeFileSync(file, `${JSON.stringify(plan, undefined, 2)}\n`, { mode: 0o600 })

type PlanOf = { source: string; variant: string; services: readonly string[] }

/**
 * @throws AppError `legacy_invalid` naming every place that is wrong, or that it is the plan of another database;
 * `service_unknown` when it maps a type to no service
 */
export const readPlanFile = (file: string, of: PlanOf): PlanFile => {
  const parsed = planFileSchema.safeParse(readJson(file))
  if (!parsed.success) {
    const said = parsed.error.issues
      .slice(0, MAX_SAID)
      .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new AppError('legacy_invalid', `${file} is no plan:\n  ${said.join('\n  ')}`)
  }
  const { source, variant, types } = parsed.data
  const unknown = Object.values(types).filter((name) => !of.services.includes(name))
  if (unknown.length > 0) throw serviceUnknown(unknown, of.services)
  if (source === of.source && variant === of.variant) return parsed.data
  throw new AppError('legacy_invalid', `${file} is a plan for ${source} (variant ${variant}), this is ${of.source} (variant ${of.variant}).`) // prettier-ignore
}

const readJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new AppError('legacy_invalid', `${file} is no plan of berth migrate plan.`, { cause })
  }
}
