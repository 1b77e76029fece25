import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { probeService } from '../../../src/health/probe.ts'
import type { Service } from '../../../src/model/service.ts'

/**
 * Few, and with pauses: asking must not take the processor from those who start. A worker stays with its service until it
 * answers; the services behind it in the queue may be up long before and are asked then, which costs about 1 ms each.
 */
const WORKERS = 16
const POLL_MS = 50
const PROBE_MS = 2_000

/** Two cores load the SDK in two processes at a time at best. */
const CALLERS = 4
const CALL_MS = 60_000

export type Bounds = { deadlineMs: number; signal: AbortSignal }

/**
 * Waits until every service has answered `/health` under its own name.
 * @throws Error counting those that have not at the deadline
 */
export const waitForAll = async (services: readonly Service[], bounds: Bounds): Promise<void> => {
  const until = Date.now() + bounds.deadlineMs
  const missing: string[] = []
  await inParallel(services, WORKERS, async ({ name, port }) => {
    for (;;) {
      bounds.signal.throwIfAborted()
      const answer = await probeService({ service: name, port }, PROBE_MS)
      if (answer.ok) return
      if (Date.now() > until) return void missing.push(`${name}:${port} ${answer.reason}`)
      await delay(POLL_MS)
    }
  })
  if (missing.length === 0) return
  const some = missing.slice(0, 3).join(', ')
  throw new Error(
    `${missing.length} services did not answer within ${bounds.deadlineMs / 1000} s: ${some}`,
  )
}

/**
 * Asks every service for its tools over MCP: the first call is when lazy code is loaded.
 * @throws Error naming the service that does not list all of its tools
 */
export const useAllOnce = (services: readonly Service[], signal: AbortSignal): Promise<void> =>
  inParallel(services, CALLERS, async ({ name, port, tools }) => {
    signal.throwIfAborted()
    const answer = await callMcp(port, signal)
    // JSON or an event of a stream, as the server likes.
    const listed = answer.match(/"inputSchema"/g)?.length ?? 0
    if (listed !== tools.length)
      throw new Error(`${name}:${port} lists ${listed} of ${tools.length} tools: ${answer.slice(0, 200)}`) // prettier-ignore
  })

const callMcp = (port: number, stop: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1', port, path: '/mcp', method: 'POST', agent: false,
        signal: AbortSignal.any([stop, AbortSignal.timeout(CALL_MS)]),
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk: string) => (text += chunk))
        answer.on('error', reject)
        answer.on('end', () => resolve(text))
      },
    ) // prettier-ignore
    call.on('error', reject)
    call.end('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
  })

const inParallel = async <T>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<void>,
) => {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
