import { appendFileSync, statSync, truncateSync } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { toLine } from '../base/log-line.ts'

const CHUNK_BYTES = 1024 * 1024

/**
 * Moves what a log file holds to `<file>.1`, `.1` to `.2` and so on, and makes it empty. The file stays the same, since PM2
 * holds it open: it appends, so its next line is the first. What comes between the last read and the cut is lost; that is
 * microseconds.
 *
 * @param keptBytes at most so much of its end is kept
 */
export const rotate = async (file: string, kept: number, keptBytes: number): Promise<void> => {
  const fresh = `${file}.0`
  const lost = kept > 0 ? await copyEnd(file, fresh, keptBytes) : statSync(file).size
  if (kept > 0) {
    await rm(`${file}.${kept}`, { force: true })
    for (let age = kept - 1; age >= 0; age -= 1)
      await rename(`${file}.${age}`, `${file}.${age + 1}`).catch(() => undefined)
  }
  empty(file, lost)
}

/** Makes a log file empty, and says in its first line how much went with it. */
export const empty = (file: string, lostBytes: number): void => {
  truncateSync(file)
  if (lostBytes > 0)
    appendFileSync(file, `${toLine('warn', { part: 'logs', event: 'log cut', lostBytes })}\n`)
}

/** @returns how many bytes at the beginning were left out */
const copyEnd = async (from: string, to: string, maxBytes: number): Promise<number> => {
  const source = await open(from, 'r')
  try {
    const target = await open(to, 'w', 0o600)
    try {
      const begin = Math.max(0, (await source.stat()).size - maxBytes)
      await copy(source, target, { begin, maxBytes })
      return begin
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

const copy = async (
  source: FileHandle,
  target: FileHandle,
  { begin, maxBytes }: { begin: number; maxBytes: number },
): Promise<void> => {
  const buffer = Buffer.alloc(CHUNK_BYTES)
  for (let at = begin; at < begin + maxBytes;) {
    const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES, at)
    if (bytesRead === 0) return
    await target.write(buffer, 0, bytesRead)
    at += bytesRead
  }
}
