import winston from 'winston'
import { logThrough, toLine, type Fields, type Log, type LogLevel } from './log.ts'

/** The daemon's logger: JSON lines on stdout, which PM2 writes to the process's log file. */
export const createDaemonLog = (name: string, level: LogLevel): Log => {
  const logger = winston.createLogger({
    level,
    format: winston.format.printf(({ level: at, fields }) => toLine(at, fields as Fields)),
    // winston types its transports by another copy of the same class
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment
    transports: new winston.transports.Console(),
  })
  return logThrough((at, fields) => {
    logger.log({ level: at, message: '', fields }) // apart: winston has its own idea of `message`
  }, name)
}
