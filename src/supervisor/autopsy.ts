import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import type { CrashRecord } from '../model/crash.ts'
import type { Autopsy } from './exits.ts'

type AutopsyFiles = {
  /** The note that a host leaves when an exception ends it. */
  crashFileOf: (host: string) => string
  /** Where a host notes for which service it works right now. */
  workFileOf: (host: string) => string
  logFileOf: (host: string) => string
  pm2LogFile: string
}

const TAIL_BYTES = 32 * 1024
const LINES = 20
/** An endless loop and a heap that is full leave no time for a note: what the host was doing then tells who it was. */
const WITHOUT_NOTE = new Set(['unhealthy', 'SIGABRT', 'exit 134'])
/** A note older than this is of an earlier end. */
const FRESH_MS = 30_000

/** Looks for what ended a host. Files that are not there or not whole are no reason to fail. */
export const createAutopsy = (files: AutopsyFiles): Autopsy => {
  /** When the last note of each host was written: a note is of one end only. */
  const taken = new Map<string, string>()
  return (host, known) => {
    const note = readRecord(files.crashFileOf(host))
    const record = note?.at === taken.get(host) ? undefined : note
    if (record) taken.set(host, record.at)
    const lines = tail(files.logFileOf(host)).split('\n').filter(Boolean).slice(-LINES).map(wordsOf)
    const cause = known ?? (record ? 'exception' : lastCause(tail(files.pm2LogFile), host))
    const worker = WITHOUT_NOTE.has(cause ?? '') ? readWorker(files.workFileOf(host)) : undefined
    return { cause, culprit: record?.service ?? worker, lines }
  }
}

/** What an operator's own program wrote stands in the log as the event of a line: the evidence is what it said. */
const wordsOf = (line: string): string => {
  try {
    const { part, event } = JSON.parse(line) as { part?: unknown; event?: unknown }
    return part === 'program' && typeof event === 'string' ? event : line
  } catch {
    return line
  }
}

const readRecord = (file: string): CrashRecord | undefined => {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as CrashRecord
    return Date.now() - Date.parse(record.at) < FRESH_MS ? record : undefined
  } catch {
    return undefined
  }
}

const readWorker = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

/** PM2 writes `App [mcp-figma:3] exited with code [0] via signal [SIGKILL]`. */
const lastCause = (log: string, host: string): string | undefined => {
  const ends = [
    ...log.matchAll(/App \[([^:\]]+):\d+\] exited with code \[(\d+)\] via signal \[(\w+)\]/g),
  ]
  const [, , code, signal] = ends.findLast((match) => match[1] === host) ?? []
  if (code === undefined) return undefined
  // PM2 names SIGINT when there was no signal.
  return signal === undefined || signal === 'SIGINT' ? `exit ${code}` : signal
}

const tail = (file: string): string => {
  try {
    const descriptor = openSync(file, 'r')
    try {
      const { size } = fstatSync(descriptor)
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES))
      readSync(descriptor, buffer, 0, buffer.length, size - buffer.length)
      return buffer.toString('utf8')
    } finally {
      closeSync(descriptor)
    }
  } catch {
    return ''
  }
}
