import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { processOf, type LogFile } from './log-files.ts'

/** A line of a log file. */
export type LogEntry = {
  /** When it was written, as far as it says so; otherwise as the line before it. */
  at: number
  process: string
  /** As it stands in the file. */
  text: string
  /** Undefined for a line that is no JSON object: what Node itself says of a crash, for one. */
  fields: Record<string, unknown> | undefined
}

/** What is asked for. */
export type LogFilter = {
  service: string
  /** ms since 1970; by default everything. */
  since?: number | undefined
  grep?: RegExp | undefined
}

/** Reads the lines of one process, one after the other. */
export const createLineReader = (path: string, filter: LogFilter) => {
  const process = processOf(path)
  // All that such a process says is of its service. Others carry the name.
  const isOwn = process === `mcp-${filter.service}`
  const mark = `"service":${JSON.stringify(filter.service)}`
  let at = 0
  /** @returns undefined for a line that was not asked for */
  return (text: string): LogEntry | undefined => {
    if (!isOwn && !text.includes(mark)) return undefined
    const fields = parse(text)
    at = timeOf(fields) ?? at
    const isOf = isOwn || fields?.['service'] === filter.service
    return isOf && passes(filter, at, text) ? { at, process, text, fields } : undefined
  }
}

const passes = ({ since = 0, grep }: LogFilter, at: number, text: string): boolean =>
  at >= since && (grep?.test(text) ?? true)

/**
 * What log files say of a service, in the order of time.
 *
 * @param last at most so many, the newest
 */
export const readLog = async (
  files: readonly LogFile[],
  filter: LogFilter,
  last: number,
): Promise<LogEntry[]> => {
  const entries: LogEntry[] = []
  const trim = () => {
    entries.sort((a, b) => a.at - b.at)
    entries.splice(0, entries.length - last)
  }
  for (const { path, modifiedMs } of files) {
    if (modifiedMs < (filter.since ?? 0)) continue
    const read = createLineReader(path, filter)
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const entry = read(line)
      if (entry) entries.push(entry)
      if (entries.length > 2 * last) trim()
    }
  }
  trim()
  return entries
}

const parse = (text: string): Record<string, unknown> | undefined => {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const timeOf = (fields: Record<string, unknown> | undefined): number | undefined => {
  const time = fields?.['time'] ?? fields?.['timestamp']
  const at = typeof time === 'number' ? time : Date.parse(String(time))
  return Number.isNaN(at) ? undefined : at
}
