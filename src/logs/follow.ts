import { open, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isCurrent, type LogFile } from './log-files.ts'
import { createLineReader, type LogEntry, type LogFilter } from './read-lines.ts'

const LOOK_MS = 200
/** More new bytes of one file than this at a look, and the first of them are skipped. */
const MAX_CHUNK = 4 * 1024 * 1024

type Followed = { at: number; rest: string; read: (text: string) => LogEntry | undefined }

/** Takes every new line of a service until the signal; files that are made empty or come later are followed too. */
export const followLog = async (
  list: () => Promise<LogFile[]>,
  filter: LogFilter,
  { take, signal }: { take: (entry: LogEntry) => void; signal: AbortSignal },
): Promise<void> => {
  const files = new Map<string, Followed>()
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    for (const { path, bytes } of await list()) {
      if (!isCurrent(path)) continue
      const file = files.get(path) ?? { at: isFirst ? bytes : 0, rest: '', read: createLineReader(path, filter) } // prettier-ignore
      files.set(path, file)
      for (const line of await newLines(path, file)) {
        const entry = file.read(line)
        if (entry) take(entry)
      }
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

const newLines = async (path: string, file: Followed): Promise<string[]> => {
  const size = (await stat(path).catch(() => undefined))?.size ?? 0
  if (size < file.at) Object.assign(file, { at: 0, rest: '' })
  const from = Math.max(file.at, size - MAX_CHUNK)
  if (size === from) return []
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
    file.at = from + bytesRead
    const lines = (file.rest + buffer.toString('utf8', 0, bytesRead)).split('\n')
    file.rest = lines.pop() ?? ''
    return lines
  } finally {
    await handle.close()
  }
}
