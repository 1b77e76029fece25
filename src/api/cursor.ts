import type { z } from 'zod'
import { AppError } from '../base/errors.ts'

/** A cursor is opaque to clients: base64url of a JSON value that only its own list understands. */
export const writeCursor = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

/** @throws AppError `invalid_request` for what is none of ours */
export const readCursor = <S extends z.ZodType>(
  schema: S,
  cursor: string | undefined,
): z.output<S> | undefined => {
  if (cursor === undefined) return undefined
  const parsed = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')))
  if (parsed.success) return parsed.data
  throw new AppError('invalid_request', 'cursor: is not the nextCursor of a page of this list.')
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What of a text a database can take: no NUL, no half of a surrogate pair. */
export const storable = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text)
