import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const BODY =
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"hello"}}}'

/** What an MCP client sends. */
const requestFor = (port: number, path: string): Buffer =>
  Buffer.from(
    [
      `POST ${path} HTTP/1.1`,
      `host: 127.0.0.1:${port}`,
      'content-type: application/json',
      'accept: application/json, text/event-stream',
      'mcp-protocol-version: 2025-06-18',
      'user-agent: bench',
      `content-length: ${BODY.length}`,
      '',
      BODY,
    ].join('\r\n'),
  )

/** Whether the text is a whole answer. @throws Error when it is none of 2xx: such a run does not count */
const isWhole = (text: string): boolean => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return false
  if (!/^HTTP\/1\.1 2/.test(text)) throw new Error(`not every answer is 2xx: ${text.slice(0, 300)}`)
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1]
  return length === undefined
    ? text.endsWith('\r\n0\r\n\r\n')
    : text.length >= end + 4 + Number(length)
}

export type Target = { port: number; path: string }

/** One connection that carries one request at a time. */
const openLane = async ({ port, path }: Target) => {
  const usual = requestFor(port, path)
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  let settle: { resolve: () => void; reject: (error: Error) => void } | undefined
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    try {
      if (!isWhole(text)) return
      text = ''
      settle?.resolve()
    } catch (error) {
      settle?.reject(error as Error)
    }
  })
  const fail = (error: Error) => settle?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  await new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
    socket.once('connect', resolve)
  })
  return {
    exchange: (bytes = usual) =>
      new Promise<void>((resolve, reject) => {
        settle = { resolve, reject }
        socket.write(bytes)
      }),
    close: () => {
      settle = undefined
      socket.destroy()
    },
  }
}

const openLanes = (target: Target, count: number) =>
  Promise.all(Array.from({ length: count }, () => openLane(target)))

const LANES = 32
const WARM_UP_MS = 1_500

export type Load = { perSecond: number; requests: number }

/** As many requests as go through, 32 at a time. `mark` is called when counting begins and when it ends. */
export const loadFully = async (target: Target, ms: number, mark: () => void): Promise<Load> => {
  const lanes = await openLanes(target, LANES)
  let count = 0
  let isOver = false
  const running = Promise.all(
    lanes.map(async ({ exchange }) => {
      while (!isOver) {
        await exchange()
        count += 1
      }
    }),
  )
  try {
    await Promise.race([delay(WARM_UP_MS), running])
    mark()
    const [countBefore, startedAt] = [count, performance.now()]
    await Promise.race([delay(ms), running])
    mark()
    const requests = count - countBefore
    const perSecond = (requests * 1_000) / (performance.now() - startedAt)
    isOver = true
    await running
    return { perSecond, requests }
  } finally {
    isOver = true
    for (const lane of lanes) lane.close()
  }
}

/** As many requests as go through, to one of these paths after the other. @returns requests a second */
export const loadPaths = async (
  port: number,
  paths: readonly string[],
  ms: number,
): Promise<number> => {
  const requests = paths.map((path) => requestFor(port, path))
  const lanes = await openLanes({ port, path: '' }, LANES)
  const startedAt = performance.now()
  let count = 0
  await Promise.all(
    lanes.map(async ({ exchange }) => {
      while (performance.now() - startedAt < ms) await exchange(requests[count++ % requests.length])
    }),
  )
  for (const lane of lanes) lane.close()
  return (count * 1_000) / (performance.now() - startedAt)
}

const PACE_PER_MS = 1

/**
 * A thousand requests a second, each at its time, whether or not the ones before are answered.
 * @returns milliseconds from when each was due, in order of size
 */
export const loadPaced = async (target: Target, ms: number): Promise<number[]> => {
  const lanes = await openLanes(target, LANES)
  const free = [...lanes]
  const times: number[] = []
  const under = new Set<Promise<void>>()
  const startedAt = performance.now()
  const waiting: number[] = []
  const begin = () => {
    while (free.length > 0 && waiting.length > 0) {
      const lane = free.pop()
      const due = waiting.shift() ?? 0
      if (!lane) return
      const one = lane.exchange().then(() => {
        times.push(performance.now() - due)
        free.push(lane)
        under.delete(one)
        begin()
      })
      under.add(one)
    }
  }
  for (let sent = 0; sent < ms * PACE_PER_MS;) {
    const now = performance.now() - startedAt
    // Those that fall due while this loop slept, are begun together: the timer is a millisecond coarse, for every way.
    for (; sent < now * PACE_PER_MS && sent < ms * PACE_PER_MS; sent++)
      waiting.push(performance.now())
    begin()
    await delay(1)
  }
  await Promise.all(under)
  for (const lane of lanes) lane.close()
  return times.sort((a, b) => a - b)
}

/** Opens event streams and keeps them; each has got its first event. */
export const openStreams = async ({ port, path }: Target, count: number): Promise<Socket[]> => {
  const sockets: Socket[] = []
  for (let opened = 0; opened < count; opened += LANES)
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(LANES, count - opened) }, () => openStream(port, path))))) // prettier-ignore
  return sockets
}

const openStream = (port: number, path: string): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`the stream was closed: ${text.slice(0, 300)}`)))
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (text.includes('data: 1')) resolve(socket)
    })
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\naccept: text/event-stream\r\n\r\n`,
    )
  })
