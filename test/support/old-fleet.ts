import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '../fixtures/old-instance.cjs')

export type OldInstance = { id: string; token: string; type: string; key: string }

type Running = { child: ChildProcess; port: number }

/** The older model as it runs: a process per instance, and one server before them that knows them by id and by token. */
export const startOldFleet = async (instances: readonly OldInstance[], upstream: string) => {
  const running = new Map<string, Running>()
  const start = async ({ id, token, type, key }: OldInstance): Promise<void> => {
    const child = fork(PROGRAM, [JSON.stringify({ key, type, upstream })], { stdio: 'ignore' })
    const [port] = (await once(child, 'message')) as [number]
    running.set(id, { child, port }).set(token, { child, port })
  }
  await Promise.all(instances.map(start))
  const counted = { requests: 0 }
  const server = createServer((incoming, response) => {
    counted.requests += 1
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://old')
    const found = running.get(searchParams.get('token') ?? pathname.split('/')[1] ?? '')
    if (!found) {
      response.writeHead(404, { 'x-old': 'server' }).end()
      return
    }
    const { method, headers } = incoming
    const outgoing = request({ host: '127.0.0.1', port: found.port, method, path: '/', headers })
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.writeHead(502).end())
    incoming.pipe(outgoing)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counted,
    stop: async () => {
      const children = new Set([...running.values()].map(({ child }) => child))
      await Promise.all([...children].map((child) => {
        const ended = once(child, 'exit')
        child.kill()
        return ended
      })) // prettier-ignore
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
