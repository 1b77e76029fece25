import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Agent, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { UNPROCESSED_HEADER } from '../../src/model/host-protocol.ts'
import { useCleanup } from '../support/cleanup.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { INSTANCE_PATH, makeInstance, startGateway } from '../support/gateway.ts'
import { startHostHere } from '../support/host.ts'
import { errorOf, send } from '../support/http.ts'
import { makeService } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('services that come and go', () => {
  const cleanUp = useCleanup()
  const folder = useTempFolder()
  const start = async (...[world]: Parameters<typeof startGateway>) => {
    const front = await startGateway(world)
    cleanUp(front.stop)
    return front
  }
  const listen = async (server: Server, port = 0): Promise<number> => {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    cleanUp(() => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    })
    return (server.address() as AddressInfo).port
  }
  const bodyOf = async (incoming: IncomingMessage): Promise<string> => {
    let text = ''
    for await (const chunk of incoming) text += String(chunk)
    return text
  }

  it('requests of any kind wait for a service that comes back', async () => {
    const [port = 0] = await findFreePorts(1)
    const front = await start({ ports: { widgets: port }, patienceMs: 60_000 })
    const early = ['GET', 'POST', 'DELETE'].map((method) =>
      send(front.url, INSTANCE_PATH, { method, body: `body of ${method}` }),
    )
    // The first of them has been refused when the gateway has asked more than once who listens.
    const server = createServer((incoming, response) => {
      void bodyOf(incoming).then((body) => response.end(body))
    })
    await listen(server, port)
    const answers = await Promise.all(early)
    assert.deepEqual(answers.map(({ status, text }) => [status, text]), [[200, 'body of GET'], [200, 'body of POST'], [200, 'body of DELETE']]) // prettier-ignore
  })

  it('503 says how a service is, and since when', async () => {
    const since = new Date('2026-01-02T03:04:05Z')
    const [port = 0] = await findFreePorts(1)
    const stateOf = () => ({ state: 'quarantined', since })
    for (const ports of [{}, { widgets: port }] as Record<string, number>[]) {
      const front = await start({ ports, stateOf })
      const answer = await send(front.url, INSTANCE_PATH)
      assert.equal(errorOf(answer).status, 503)
      assert.match(errorOf(answer).message, /widgets is quarantined since 2026-01-02T03:04:05/)
      assert.equal(answer.headers['retry-after'], '1')
    }
  })

  it('a request that its host did not look at is sent again, with its body', async () => {
    const bodies: string[] = []
    const server = createServer((incoming, response) => {
      void bodyOf(incoming).then((body) => {
        bodies.push(body)
        if (bodies.length > 1) return response.end('done')
        return response.writeHead(503, { [UNPROCESSED_HEADER]: '1', connection: 'close' }).end('x')
      })
    })
    const front = await start({ ports: { widgets: await listen(server) } })
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      bodies.length = 0
      const answer = await send(front.url, INSTANCE_PATH, { method: 'POST', headers, body: 'once' })
      assert.deepEqual([answer.status, answer.text, bodies], [200, 'done', ['once', 'once']])
    }
  })

  it('what may be done once only is not sent again when its connection just breaks', async () => {
    const seen: string[] = []
    const server = createServer((incoming, response) => {
      const isFirst = incoming.url === '/first'
      if (!isFirst) seen.push(String(incoming.method))
      const sockets = new Set<Socket>([incoming.socket])
      if (isFirst || (incoming.method === 'GET' && seen.length > 1)) response.end('ok')
      else for (const socket of sockets) socket.destroy()
    })
    const front = await start({ ports: { widgets: await listen(server) } })
    await send(front.url, `${INSTANCE_PATH}/first`) // leaves a connection to be used again
    assert.equal((await send(front.url, INSTANCE_PATH, { method: 'POST' })).status, 503)
    assert.deepEqual(seen.splice(0), ['POST'])
    await send(front.url, `${INSTANCE_PATH}/first`)
    assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
    assert.deepEqual(seen, ['GET', 'GET'])
  })

  it('loses no request while a host stops and another takes its place, again and again', async () => {
    const [port = 0] = await findFreePorts(1)
    const echo = makeService({ name: 'echo', port })
    const first = await startHostHere({ folder: folder(), services: [echo] })
    const instances = [makeInstance({ service: 'echo' })]
    const { hostKey } = first
    const front = await start({ ports: { echo: port }, instances, hostKey, patienceMs: 60_000 })
    const path = `${INSTANCE_PATH.replace('widgets', 'echo')}/health`
    const agent = new Agent({ keepAlive: true })
    cleanUp(() => {
      agent.destroy()
      return Promise.resolve()
    })
    const ask = () =>
      new Promise<number>((resolve, reject) => {
        const method = 'POST'
        request(`${front.url}${path}`, { method, agent }, (incoming) =>
          incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0)),
        )
          .on('error', reject)
          .end('{}')
      })
    let isOver = false
    const statuses = new Set<number>()
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!isOver) statuses.add(await ask())
      }),
    )
    let host = first
    for (let restart = 0; restart < 4; restart++) {
      await ask()
      await host.stop()
      host = await startHostHere({ folder: folder(), services: [echo] })
    }
    await ask()
    isOver = true
    await load
    await host.stop()
    assert.deepEqual([...statuses], [200])
  })
})
