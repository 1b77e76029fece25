import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError, messageOf, systemCodeOf } from '../base/errors.ts'

const command = z.array(z.string().min(1)).min(1)
const percent = z.number().gt(0).max(100)

/** Going back must be done within a minute, so a command has half of it. */
const MAX_SECONDS = 30

const schema = z.strictObject({
  $schema: z.string().optional(),
  hooks: z
    .strictObject({
      /** Keeps the old server from starting more processes. */
      stop: command.optional(),
      /** The way back. */
      start: command.optional(),
      deadlineSeconds: z.int().min(1).max(MAX_SECONDS).default(MAX_SECONDS),
    })
    .default({ deadlineSeconds: MAX_SECONDS }),
  percents: z
    .array(percent)
    .min(1)
    .max(20)
    .refine((all) => all.every((one, index) => one > (all[index - 1] ?? 0)), 'must rise')
    .default([5, 25, 50, 90]),
  /** Differences in latency far below it count for nothing. */
  toleranceMs: z.number().min(0).max(1_000).default(10),
  /** Off where the old server does not mark errors of its tools: they would be seen in the new path alone. */
  toolErrors: z.boolean().default(true),
})

/** `$BERTH_HOME/cutover.json`. */
export type CutoverSettings = z.output<typeof schema>

/** @throws AppError `config_invalid`; a file that is not there has the defaults */
export const readCutoverSettings = (file: string): CutoverSettings => {
  const parsed = schema.safeParse(contentOf(file))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new AppError('config_invalid', `${file} is not right:\n  ${problems.join('\n  ')}`)
}

const contentOf = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return {}
    throw new AppError('config_invalid', `${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
