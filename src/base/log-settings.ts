import type { LogLevel } from './log-line.ts'

/** `auto`: for people on a terminal, JSON everywhere else. */
export type LogFormat = 'auto' | 'json' | 'pretty'
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const satisfies LogFormat[]

/** Bounds on log files; what is beyond them goes, the oldest first. */
export type LogFileLimits = {
  /** A file that is larger is rotated. */
  readonly maxBytes: number
  /** Rotated files that are kept beside each current one. */
  readonly kept: number
  readonly maxDays: number
  /** All log files together. */
  readonly maxTotalBytes: number
}

/** What a process is told of its log. */
export type LogSettings = {
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  /** How much the fleet's log files may take. */
  readonly logFiles: LogFileLimits
}

type LogEnvironment = Record<
  'BERTH_LOG_FILE_MB' | 'BERTH_LOG_FILES' | 'BERTH_LOG_DAYS' | 'BERTH_LOG_TOTAL_MB',
  number
>

const MEGABYTE = 1024 * 1024

export const logFilesOf = (env: LogEnvironment): LogFileLimits => ({
  maxBytes: env.BERTH_LOG_FILE_MB * MEGABYTE,
  kept: env.BERTH_LOG_FILES,
  maxDays: env.BERTH_LOG_DAYS,
  maxTotalBytes: env.BERTH_LOG_TOTAL_MB * MEGABYTE,
})

/** The variables that logFilesOf reads the same again. */
export const logEnvironment = ({
  logFormat,
  logLevel,
  logFiles,
}: LogSettings): Record<string, string> => ({
  BERTH_LOG_LEVEL: logLevel,
  BERTH_LOG_FORMAT: logFormat,
  BERTH_LOG_FILE_MB: String(logFiles.maxBytes / MEGABYTE),
  BERTH_LOG_FILES: String(logFiles.kept),
  BERTH_LOG_DAYS: String(logFiles.maxDays),
  BERTH_LOG_TOTAL_MB: String(logFiles.maxTotalBytes / MEGABYTE),
})
