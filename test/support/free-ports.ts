import { createServer } from 'node:net'

/** Below the range from which Linux hands out ports, so that nobody gets one of them by chance once it is found. */
const RANGE = { first: 12_000, last: 32_000 }

/** Mocha's workers look for ports each in a part of their own, so that two never find the same. */
const WORKERS = 4
const size = Math.floor((RANGE.last - RANGE.first) / WORKERS)
const FIRST = RANGE.first + (Number(process.env['MOCHA_WORKER_ID'] ?? 0) % WORKERS) * size
const LAST = FIRST + size - 1

let next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

/** Ports of 127.0.0.1 that nobody listens on right now, never the same twice in a row. */
export const findFreePorts = async (count: number): Promise<number[]> => {
  const ports: number[] = []
  while (ports.length < count) {
    next = next < LAST ? next + 1 : FIRST
    if (await isFree(next)) ports.push(next)
  }
  return ports
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
