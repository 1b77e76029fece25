import { setTimeout as delay } from 'node:timers/promises'
import { note, print } from '../../../src/cli/output.ts'
import { openStreams } from './client.ts'
import { residentBytes } from './memory.ts'
import type { Bench } from './ways.ts'

const COUNT = 100_000
const AT_ONCE = 1_000
/** Before it is measured the first time, so that what is made once is there. */
const WARM_UP = 5_000
const WAIT_MS = 60_000
const MOST = 1.2

/** What is left of clients that opened an event stream and were gone without a word. */
export const measureAbandoned = async ({ target, pid }: Bench): Promise<boolean> => {
  const path = target.path.replace(/mcp$/, 'stream')
  const abandon = async (count: number): Promise<void> => {
    for (let done = 0; done < count; done += AT_ONCE) {
      const sockets = await openStreams({ port: target.port, path }, AT_ONCE)
      for (const socket of sockets) socket.removeAllListeners('close').resetAndDestroy()
    }
  }
  await abandon(WARM_UP)
  await settle(pid)
  const before = residentBytes(pid)
  note(`${COUNT} streams, each abandoned …`)
  await abandon(COUNT)
  const peak = residentBytes(pid)
  await delay(WAIT_MS)
  await settle(pid)
  const ratio = residentBytes(pid) / before
  const mib = (bytes: number) => (bytes / 1024 / 1024).toFixed(0)
  print(`after ${COUNT} abandoned streams, ${WAIT_MS / 1_000} s and a collection: ${mib(residentBytes(pid))} MiB, before ${mib(before)} MiB: ${ratio.toFixed(2)} x (at most ${MOST}); just then ${mib(peak)} MiB`) // prettier-ignore
  return ratio <= MOST
}

const COLLECTION_MS = 3_000

/** Lets the process collect its garbage: the bench's program does so at this signal. */
const settle = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGUSR2')
  await delay(COLLECTION_MS)
}
