import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, ERROR_CODES, messageOf, type ErrorCode } from '../../base/errors.ts'
import type { Home } from '../../base/home.ts'

/** Where a daemon that cannot start leaves its reason for the command that started it. */
const fileIn = (home: Home): string => join(home.run, 'start-failure.json')

export const writeStartFailure = (home: Home, error: unknown): void => {
  const code = error instanceof AppError ? error.code : 'internal'
  writeFileSync(fileIn(home), JSON.stringify({ code, message: messageOf(error) }), { mode: 0o600 })
}

export const readStartFailure = (home: Home): AppError | undefined => {
  try {
    const { code, message } = JSON.parse(readFileSync(fileIn(home), 'utf8')) as Record<
      string,
      string
    >
    const isKnown = code !== undefined && code in ERROR_CODES
    return new AppError(
      isKnown ? (code as ErrorCode) : 'internal',
      message ?? 'The daemon did not start.',
    )
  } catch {
    return undefined
  }
}

export const clearStartFailure = (home: Home): void => rmSync(fileIn(home), { force: true })

/** A wrong setting does not get better by itself; a database that is away does. */
export const isLasting = (error: unknown): boolean =>
  error instanceof AppError && error.code !== 'database_unavailable'
