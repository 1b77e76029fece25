import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { useCleanup } from '../../support/cleanup.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { waitUntil } from '../../support/wait-until.ts'

describe('connections of clients', () => {
  const cleanUp = useCleanup()
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
  beforeEach(() => {
    behave = (incoming, response) => {
      let body = ''
      incoming.on('data', (bytes: Buffer) => (body += String(bytes)))
      incoming.on('end', () => response.end(`<${incoming.url ?? ''} ${body}>`))
    }
  })

  const open = () => {
    const socket = connect(front.port, '127.0.0.1').on('error', () => undefined)
    cleanUp(() => Promise.resolve(socket.destroy()))
    let seen = ''
    socket.on('data', (bytes: Buffer) => (seen += bytes.toString('latin1')))
    const until = async (text: string) => {
      while (!seen.includes(text)) await once(socket, 'data')
      return seen
    }
    return { socket, until }
  }
  const request = (path: string, body = '', lines: readonly string[] = []) =>
    [`POST ${INSTANCE_PATH}${path} HTTP/1.1`, 'host: localhost', `content-length: ${body.length}`, ...lines, '', body].join('\r\n') // prettier-ignore
  const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code)

  it('carry requests that come at once, answered one after the other', async () => {
    const { socket, until } = open()
    socket.write(Array.from({ length: 20 }, (_, index) => request(`/${index}`, `body ${index}`)).join('')) // prettier-ignore
    const seen = await until('</19 body 19>')
    const answers = [...seen.matchAll(/<\/(\d+) body (\d+)>/g)].map(([, path, body]) => `${path}=${body}`) // prettier-ignore
    assert.deepEqual(
      answers,
      Array.from({ length: 20 }, (_, index) => `${index}=${index}`),
    )
  })

  it('carry a request in pieces of any size', async () => {
    const text = request('/pieces', 'x'.repeat(50))
    for (const size of [1, 7, 60, text.length - 1]) {
      const { socket, until } = open()
      socket.setNoDelay(true)
      for (let at = 0; at < text.length; at += size)
        await new Promise((resolve) => socket.write(text.slice(at, at + size), resolve))
      assert.deepEqual(statuses(await until(`</pieces ${'x'.repeat(50)}>`)), ['200'])
    }
  })

  it('carry requests for the gateway and for the API, plain ones and others, in any order', async () => {
    const { socket, until } = open()
    socket.write(request('/1', 'one'))
    await until('</1 one>')
    const chunked = `POST ${INSTANCE_PATH}/3 HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n` // prettier-ignore
    socket.write(
      `GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n${chunked}${request('/4', 'four')}`,
    )
    const seen = await until('</4 four>')
    assert.deepEqual(statuses(seen), ['200', '299', '200', '200'])
    assert.match(seen, /<\/3 three>/)
  })

  it('are closed with the answer when the client wants that', async () => {
    const { socket, until } = open()
    socket.write(request('/', '', ['connection: close']))
    await once(socket, 'close')
    assert.match(await until('>'), /connection: close\r\n/)
  })

  it('say how they are framed, and have a date', async () => {
    behave = (_incoming, response) => {
      response.sendDate = false
      response.write('a')
      response.end('b')
    }
    const { socket, until } = open()
    socket.write(request('/'))
    const seen = await until('0\r\n\r\n')
    assert.match(seen, /\r\ntransfer-encoding: chunked\r\n/)
    assert.match(seen, /\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/)
    assert.match(seen, /\r\nkeep-alive: timeout=75\r\n/)
  })

  it('take an answer no faster than the client does', async () => {
    let written = 0
    behave = (_incoming, response) => {
      const more = () => {
        while (written < 64 * 1024 * 1024) {
          written += 65_536
          if (!response.write(Buffer.alloc(65_536))) return
        }
        response.end('last')
      }
      response.on('drain', more)
      more()
    }
    const socket = connect(front.port, '127.0.0.1')
    cleanUp(() => Promise.resolve(socket.destroy()))
    socket.pause()
    socket.write(request('/'))
    let before = 0
    await waitUntil('the host waits', () => {
      const isStill = written > 0 && written === before
      before = written
      return isStill
    })
    assert.ok(written < 64 * 1024 * 1024)
    let bytes = 0
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (chunk.subarray(-5).toString() === '0\r\n\r\n') break
    }
    assert.ok(bytes > 64 * 1024 * 1024)
  })

  it('wait for the answer with the next request, also one that was refused', async () => {
    const waiting: (() => void)[] = []
    behave = (incoming, response) =>
      void waiting.push(() => response.end(`<${incoming.url ?? ''}>`))
    const { socket, until } = open()
    const refused = request('/').replace(/_[0-9A-Za-z]+\/widgets/, '_wrong/widgets')
    socket.write(`${refused}${request('/second')}`)
    await once(host, 'request')
    waiting.shift()?.()
    const seen = await until('</second>')
    assert.deepEqual(statuses(seen), ['404', '200'])
  })

  it('end their request at the host when they vanish in the middle of its body', async () => {
    const ended = new Promise<void>((resolve) => {
      behave = (incoming: IncomingMessage, response) => {
        incoming.on('error', () => undefined).resume()
        response.once('close', resolve)
        socket.destroy()
      }
    })
    const socket: Socket = open().socket
    socket.write(request('/', 'x'.repeat(100)).slice(0, -50))
    await ended
  })
})
