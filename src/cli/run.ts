import { AppError, messageOf, type ErrorCode } from '../base/errors.ts'
import { note, printJson, red } from './output.ts'

/** Exit codes: 0 done, 1 failed, 2 bad usage, 3 refused. */
export const EXIT = { failed: 1, usage: 2, refused: 3 } as const

/** The end of a command that went wrong: with `--json` `{code, reason}` on stdout, else the message on stderr. */
export const reportFailure = (error: unknown): void => {
  const code = error instanceof AppError ? error.code : 'internal'
  if (process.argv.includes('--json')) printJson({ code, reason: messageOf(error) })
  else note(`${red('berth:')} ${messageOf(error)}`)
  if (
    !(error instanceof AppError) &&
    process.env['BERTH_LOG_LEVEL'] === 'debug' &&
    error instanceof Error
  )
    note(error.stack ?? '')
  process.exitCode = exitCodeOf(error)
}

/** To the HTTP API they would be a fault of the server; to the operator they are a refusal. */
const REFUSALS: readonly ErrorCode[] = ['sandbox_refused', 'file_insecure']

const exitCodeOf = (error: unknown): number => {
  if (!(error instanceof AppError)) return EXIT.failed
  if (error.code === 'config_invalid') return EXIT.usage
  const isRefusal = (error.status >= 400 && error.status < 500) || REFUSALS.includes(error.code)
  return isRefusal ? EXIT.refused : EXIT.failed
}
