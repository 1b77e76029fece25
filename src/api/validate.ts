import type { z } from 'zod'
import { AppError } from '../base/errors.ts'

/**
 * Parses a body or query.
 * @throws AppError `invalid_request` naming everything that is wrong; values are never quoted, they may be keys
 */
export const parseInput = <T extends z.ZodType>(schema: T, value: unknown): z.output<T> => {
  const parsed = schema.safeParse(value ?? {})
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => {
    const what =
      issue.code === 'unrecognized_keys' ? `unknown: ${issue.keys.join(', ')}` : issue.message
    return [issue.path.join('.'), what].filter(Boolean).join(': ')
  })
  throw new AppError(
    'invalid_request',
    `The request does not have the right shape: ${problems.join('; ')}.`,
  )
}
