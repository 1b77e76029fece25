import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { note, print } from '../../../src/cli/output.ts'
import { openStreams } from './client.ts'
import { residentBytes } from './memory.ts'
import type { Bench } from './ways.ts'

const COUNTS = [4_000, 10_000]
const MOST_KIB = 60
const SETTLE_MS = 3_000
/** What the gateway needs beside two for each stream. */
const OWN_FILES = 600

/** Memory of the gateway's process per event stream that is open and idle. */
export const measureStreams = async ({ target, pid }: Bench): Promise<boolean> => {
  const limit = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1] ?? 0) // prettier-ignore
  let isGood = true
  await delay(SETTLE_MS)
  const before = residentBytes(pid) // once: what streams leave is used again by the next ones
  for (const wanted of COUNTS) {
    const count = Math.min(wanted, Math.floor((limit - OWN_FILES) / 2))
    if (count < wanted)
      note(`${wanted} streams need more file descriptors than the ${limit} that are allowed here`)
    const kib = (await idleStreams({ target, pid }, count, before)) / 1024
    print(`${count} idle event streams: ${kib.toFixed(1)} KiB each (at most ${MOST_KIB})`)
    isGood &&= kib <= MOST_KIB
  }
  return isGood
}

/** @returns bytes of the process that each stream takes */
export const idleStreams = async (
  { target, pid }: Pick<Bench, 'target' | 'pid'>,
  count: number,
  before?: number,
): Promise<number> => {
  note(`${count} idle event streams …`)
  if (before === undefined) await delay(SETTLE_MS)
  const base = before ?? residentBytes(pid)
  const path = target.path.replace(/mcp$/, 'stream')
  const sockets = await openStreams({ port: target.port, path }, count)
  await delay(SETTLE_MS)
  const bytesEach = (residentBytes(pid) - base) / count
  for (const socket of sockets) socket.removeAllListeners('close').destroy()
  return bytesEach
}
