import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { findFreePorts } from '../support/free-ports.ts'
import { useCleanup } from '../support/cleanup.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { errorOf, send } from '../support/http.ts'

describe('streams and failures of a host', () => {
  /** What the host does with its next requests. */
  let behave: (request: IncomingMessage, response: ServerResponse) => void
  const host = createServer((incoming, response) => behave(incoming, response))
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    await once(host.listen(0, '127.0.0.1'), 'listening')
    front = await startGateway({ ports: { widgets: (host.address() as AddressInfo).port } })
  })
  after(async () => {
    await front.stop()
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })

  const cleanUp = useCleanup()

  const openStream = async () => {
    const outgoing = request(`${front.url}${INSTANCE_PATH}/mcp`, { agent: false }).end()
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    return { outgoing, incoming }
  }

  it('hands on every event of a stream as it comes', async () => {
    let sender: ServerResponse | undefined
    behave = (_incoming, response) => {
      sender = response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
    }
    const { incoming } = await openStream()
    assert.equal(incoming.headers['content-type'], 'text/event-stream')
    assert.equal(incoming.headers['x-accel-buffering'], 'no')
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      sender?.write(event) // the next one only after this one arrived
      const [chunk] = (await once(incoming, 'data')) as [Buffer]
      assert.equal(chunk.toString(), event)
    }
    sender?.end()
    await once(incoming, 'end')
  })

  it('ends the request at the host when the client leaves its stream', async () => {
    const left = new Promise<void>((resolve) => {
      behave = (_incoming, response) => {
        response.once('close', resolve)
        response.writeHead(200).write('data: 1\n\n')
      }
    })
    const { outgoing, incoming } = await openStream()
    await once(incoming, 'data')
    outgoing.destroy()
    await left
  })

  it('ends the request at the host when the client leaves before the answer', async () => {
    for (const method of ['GET', 'POST']) {
      const outgoing = request(`${front.url}${INSTANCE_PATH}`, { method, agent: false }).end()
      outgoing.on('error', () => undefined)
      await new Promise<void>((resolve) => {
        behave = (_incoming, response) => {
          response.once('close', resolve)
          outgoing.destroy()
        }
      })
    }
  })

  it('cuts the answer when the host dies in the middle of it', async () => {
    behave = (_incoming, response) => {
      response.writeHead(200).write('data: 1\n\n', () => response.destroy())
    }
    const { incoming } = await openStream()
    incoming.resume()
    const [error] = (await once(incoming, 'error')) as [Error]
    assert.match(error.message, /aborted/)
  })

  it('answers 503 when the host dies before it answers', async () => {
    behave = (incoming) => incoming.socket.destroy()
    for (const method of ['GET', 'POST']) {
      const answer = await send(front.url, INSTANCE_PATH, { method })
      assert.equal(errorOf(answer).code, 'service_unavailable')
      assert.equal(answer.status, 503)
    }
  })

  for (const moment of ['before the host answers', 'while the host answers'])
    it(`ends a request whose body turns into nonsense ${moment}, and goes on`, async () => {
      const closed = new Promise<void>((resolve) => {
        behave = (_incoming, response) => {
          response.once('close', resolve)
          if (moment.startsWith('while')) response.write('early')
          socket.write('zz no chunk\r\n\r\n')
        }
      })
      const socket = connect(front.port, '127.0.0.1').resume()
      cleanUp(() => Promise.resolve(socket.destroy()))
      const head = ['host: localhost', 'transfer-encoding: chunked', '', '1', 'x', '']
      socket.write([`POST ${INSTANCE_PATH} HTTP/1.1`, ...head].join('\r\n'))
      await Promise.all([once(socket, 'close'), closed])
      behave = (_incoming, response) => response.end('next')
      assert.equal((await send(front.url, INSTANCE_PATH)).text, 'next')
    })

  it('answers 503 with Retry-After while the host is down, and works when it is back', async () => {
    const [port = 0] = await findFreePorts(1)
    const down = await startGateway({ ports: { widgets: port } })
    cleanUp(down.stop)
    const body = 'x'.repeat(200_000)
    const answer = await send(down.url, INSTANCE_PATH, { method: 'POST', body })
    assert.equal(errorOf(answer).status, 503)
    assert.equal(answer.headers['retry-after'], '1')
    behave = (_incoming, response) => response.end('back')
    const back = createServer((incoming, response) => behave(incoming, response))
    await once(back.listen(port, '127.0.0.1'), 'listening')
    cleanUp(() => new Promise((resolve) => back.close(resolve)))
    assert.equal((await send(down.url, INSTANCE_PATH)).text, 'back')
  })

  it('answers 503 for a service that does not run here', async () => {
    const nowhere = await startGateway({ ports: {} })
    cleanUp(nowhere.stop)
    const answer = await send(nowhere.url, INSTANCE_PATH)
    assert.equal(errorOf(answer).code, 'service_unavailable')
  })
})
