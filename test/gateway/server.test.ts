import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { AppError } from '../../src/base/errors.ts'
import type { Gateway } from '../../src/gateway/gateway.ts'
import { startFrontServer } from '../support/gateway.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'

const noGateway: Gateway = {
  handle: () => false,
  upgrade: () => false,
  forget: () => undefined,
  forgetAbsent: () => undefined,
  flush: () => undefined,
  close: () => undefined,
}

describe('the front server', () => {
  let api: (request: IncomingMessage, response: ServerResponse) => void
  let front: Awaited<ReturnType<typeof startFrontServer>>
  beforeEach(async () => {
    api = (request, response) => response.end(String(request.headers['x-request-id']))
    front = await startFrontServer({
      gateway: noGateway,
      api: (request, response) => api(request, response),
    })
  })
  afterEach(() => front.stop())
  const cleanUp = useCleanup()

  /** What a server answers to bytes that are not quite HTTP. */
  const sendBytes = async (bytes: string): Promise<string> => {
    const socket = connect(front.port, '127.0.0.1')
    socket.end(bytes)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString('utf8')
  }

  it('gives every request an id of its own, whatever the client names', async () => {
    const headers = { 'x-request-id': 'mine' }
    const ids = [await send(front.url, '/'), await send(front.url, '/', { headers })]
    for (const { text } of ids) assert.match(text, /^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    assert.notEqual(ids[0]?.text, ids[1]?.text)
  })

  for (const [title, bytes, status] of [
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['headers without a colon', 'GET / HTTP/1.1\r\nhost localhost\r\n\r\n', 400],
    ['headers beyond any size', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'both framings',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ...['gzip, chunked', 'identity, chunked'].map(
      (coding) =>
        [
          `the coding ${coding}`,
          `POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: ${coding}\r\n\r\n0\r\n\r\n`,
          400,
        ] as const,
    ),
    [
      'a coding that its HTTP version does not have',
      'POST / HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ] as const)
    it(`answers ${status} with an id in both places to ${title}`, async () => {
      api = (request) => request.on('error', () => undefined).resume()
      const answer = await sendBytes(bytes)
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
      const id = /x-request-id: (\S+)/i.exec(answer)?.[1]
      const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { error: object }
      assert.deepEqual(Object.keys(body.error), ['code', 'message', 'requestId'])
      assert.ok(id && 'requestId' in body.error && body.error.requestId === id)
    })

  it('says of large headers that they are large, and not that they are malformed', async () => {
    const answer = await sendBytes(`GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)
    assert.match(answer, /The headers are larger than 16 KiB/)
  })

  it('survives an expectation that it does not know', async () => {
    const answer = await send(front.url, '/', { headers: { expect: 'a-miracle' } })
    assert.equal(answer.status, 200)
  })

  it('says who holds its port when it is taken', async () => {
    await assert.rejects(
      startFrontServer({ gateway: noGateway, api, port: front.port }),
      (error: unknown) =>
        error instanceof AppError &&
        error.code === 'config_invalid' &&
        error.message.includes(`Port ${front.port}`) &&
        error.message.includes(`pid ${process.pid}`),
    )
  })

  it('finishes requests under way when it stops, and takes no new ones', async () => {
    const arrived = new Promise<ServerResponse>((resolve) => {
      api = (_request, response) => resolve(response)
    })
    const underWay = send(front.url, '/')
    const response = await arrived
    const stopped = front.stop()
    await assert.rejects(send(front.url, '/'), { code: 'ECONNREFUSED' })
    response.end('late')
    assert.equal((await underWay).text, 'late')
    await stopped
  })

  it('may be stopped twice, and its port is free then', async () => {
    await front.stop()
    await front.stop()
    const again = await startFrontServer({ gateway: noGateway, api, port: front.port })
    cleanUp(again.stop)
    assert.equal((await send(again.url, '/')).status, 200)
  })
})
