import winston from 'winston'
import { createBoundedLines } from './bounded-lines.ts'
import type { LogFormat } from './log-settings.ts'
import { LOG_LEVELS, toLine, toPrettyLine, type LogLevel } from './log-line.ts'
import { logThrough, type Log } from './log.ts'

/** The daemon's logger: lines on stdout, which PM2 writes to the process's log file. */
export const createDaemonLog = (
  name: string,
  { logLevel: level, logFormat = 'auto' }: { logLevel: LogLevel; logFormat?: LogFormat },
): Log => {
  const logger = winston.createLogger({
    level,
    format: winston.format.printf(({ line }) => String(line)),
    // winston types its transports by another copy of the same class
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: new winston.transports.Console(),
  })
  const isPretty = logFormat === 'pretty' || (logFormat === 'auto' && process.stdout.isTTY)
  const write = createBoundedLines(
    // apart: winston has its own idea of `message`
    (at, line) => void logger.log({ level: at, message: '', line }),
    isPretty ? toPrettyLine : toLine,
  )
  const limit = LOG_LEVELS.indexOf(level)
  return logThrough((at, fields) => {
    if (LOG_LEVELS.indexOf(at) <= limit) write(at, fields)
  }, name)
}
