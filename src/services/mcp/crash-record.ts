import { AsyncLocalStorage } from 'node:async_hooks'
import { writeFileSync } from 'node:fs'
import type { Log } from '../../base/log.ts'
import { redactText } from '../../base/redact.ts'
import type { CrashRecord } from '../../model/crash.ts'

/** `requestId`: the gateway's. */
export type Work = { service: string; requestId?: string; traceId?: string }

/** What the code that runs now works for; it lasts over timers and promises. */
const working = new AsyncLocalStorage<Work>()

/** Runs work in the name of a service and a request, so that an exception in it can be laid at their door. */
export const workFor = <T>(work: Work, run: () => T): T => working.run(work, run)

/** What the code that runs now works for. */
export const workedFor = (): Partial<Work> => working.getStore() ?? {}

/**
 * On an exception that nobody caught, notes which service was being worked for and ends the process: its state is not to
 * be trusted any more. The daemon reads the note.
 */
export const recordCrashes = (file: string | undefined, log: Log): void => {
  const end = (error: unknown): void => {
    const record: CrashRecord = {
      at: new Date().toISOString(),
      pid: process.pid,
      service: workedFor().service ?? null,
      requestId: workedFor().requestId ?? null,
      message: redactText(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    }
    log.error('host crashed', record)
    writeNote(file, record)
    process.exit(1)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

const writeNote = (file: string | undefined, record: CrashRecord): void => {
  try {
    if (file !== undefined) writeFileSync(file, JSON.stringify(record), { mode: 0o600 })
  } catch {
    // a full disk, say: the log has it, and the process must end
  }
}
