import { createBoundedLines } from './bounded-lines.ts'
import { LOG_LEVELS, type Fields, type LogLevel } from './log-line.ts'
import { redact } from './redact.ts'

/** Logs an event and its fields. */
export type Log = {
  error: (event: string, fields?: Fields) => void
  warn: (event: string, fields?: Fields) => void
  info: (event: string, fields?: Fields) => void
  debug: (event: string, fields?: Fields) => void
  /** A logger for one part; its name goes with every line. */
  child: (part: string) => Log
}

type Write = (level: LogLevel, fields: Fields) => void

/** A Log over anything that writes one entry; the redaction sits here, so that no call site can forget it. */
export const logThrough = (write: Write, part: string): Log => {
  const at =
    (level: LogLevel) =>
    (event: string, fields: Fields = {}) => {
      write(level, redact({ part, event, ...fields }) as Fields)
    }
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (name) => logThrough(write, name),
  }
}

/**
 * JSON lines on stdout, without a library: for host programs, whose start is counted in milliseconds.
 *
 * @param workOf for which service and request the code that logs works; it goes with every line that does not say so itself
 */
export const createLineLog = (
  name: string,
  level: LogLevel = 'info',
  workOf: () => Fields = () => ({}),
): Log => {
  const limit = LOG_LEVELS.indexOf(level)
  const write = createBoundedLines((_level, line) => process.stdout.write(`${line}\n`))
  return logThrough((at, fields) => {
    if (LOG_LEVELS.indexOf(at) > limit) return
    write(at, { ...fields, ...workOf(), ...fields })
  }, name)
}

/** A logger that says nothing; for commands that report on the terminal themselves. */
export const silentLog: Log = logThrough(() => undefined, 'silent')
