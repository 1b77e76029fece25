import { redact } from './redact.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const satisfies LogLevel[]

export type Fields = Record<string, unknown>

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

/** One JSON line for one entry. */
export const toLine = (level: string, fields: Fields): string =>
  JSON.stringify({ time: new Date().toISOString(), level, ...fields })

/**
 * JSON lines on stdout, without a library: for host programs, whose start is counted in milliseconds.
 */
export const createLineLog = (name: string, level: LogLevel = 'info'): Log => {
  const limit = LOG_LEVELS.indexOf(level)
  return logThrough((at, fields) => {
    if (LOG_LEVELS.indexOf(at) <= limit) process.stdout.write(`${toLine(at, fields)}\n`)
  }, name)
}

/** A logger that says nothing; for commands that report on the terminal themselves. */
export const silentLog: Log = logThrough(() => undefined, 'silent')
