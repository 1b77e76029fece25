import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createUpstream } from '../../../src/services/mcp/upstream.ts'
import { makeService } from '../../support/services.ts'

describe('a call that failed', () => {
  const upstream = createUpstream({ sandboxUrl: undefined, allowPrivate: true })
  let tries = 0
  let answer: RequestListener = () => undefined
  const api = createServer((request, response) => {
    tries += 1
    answer(request, response)
  })
  let url: string
  before(async () => {
    await once(api.listen(0, '127.0.0.1'), 'listening')
    url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/`
  })
  after(async () => {
    await upstream.close()
    api.closeAllConnections()
    api.close()
  })
  beforeEach(() => (tries = 0))

  const call = (method: string, signal?: AbortSignal) =>
    upstream.send(
      makeService(),
      {
        method,
        url: new URL(url),
        headers: {},
        body: method === 'POST' ? Buffer.from('{}') : undefined,
      },
      signal,
    )
  /** Fails at first; from the second try on with what comes after. */
  const script = (...answers: RequestListener[]) => {
    answer = (request, response) => (answers[tries - 1] ?? answers.at(-1))?.(request, response)
  }
  const hangUp: RequestListener = (request) => request.socket.destroy()
  const breakOff: RequestListener = (request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half', () => request.socket.destroy())
  }
  const good: RequestListener = (_request, response) => response.end('good')
  const refuse =
    (status: number, headers = {}): RequestListener =>
    (_request, response) =>
      response.writeHead(status, headers).end(String(status))
  const past = new Date(0).toUTCString()
  const farAway = new Date(Date.now() + 3_600_000).toUTCString()

  it('is made once more when its connection broke and it changes nothing', async () => {
    for (const broken of [hangUp, breakOff])
      for (const method of ['GET', 'HEAD']) {
        if (method === 'HEAD' && broken === breakOff) continue // has no body to break off
        tries = 0
        script(broken, good)
        assert.equal((await call(method)).status, 200)
        assert.equal(tries, 2)
      }
  })

  it('is made once more, not again and again', async () => {
    script(hangUp)
    await assert.rejects(call('GET'), { code: 'UND_ERR_SOCKET' })
    assert.equal(tries, 2)
    tries = 0
    script(refuse(503, { 'retry-after': '0' }))
    assert.equal((await call('GET')).status, 503)
    assert.equal(tries, 2)
  })

  it('is made once more after a 429 or 503 that names a short wait', async () => {
    for (const status of [429, 503])
      for (const wait of ['0', '0.01', past]) {
        tries = 0
        script(refuse(status, { 'retry-after': wait }), good)
        assert.equal((await call('GET')).body.toString(), 'good')
        assert.equal(tries, 2, `${status} ${wait}`)
      }
  })

  it('is left as it is when the wait is long, unknown or of no use, or the answer another', async () => {
    for (const [status, headers] of [
      [429, { 'retry-after': '4' }],
      [503, { 'retry-after': '3600' }],
      [429, { 'retry-after': farAway }],
      [503, { 'retry-after': 'soon' }],
      [429, { 'retry-after': '-1x' }],
      [503, {}],
      [500, { 'retry-after': '0' }],
      [401, { 'retry-after': '0' }],
    ] as const) {
      tries = 0
      script(refuse(status, headers))
      assert.equal((await call('GET')).status, status)
      assert.equal(tries, 1, `${status} ${JSON.stringify(headers)}`)
    }
  })

  it('is never made again when it may change something', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const status of [429, 503]) {
        tries = 0
        script(refuse(status, { 'retry-after': '0' }))
        assert.equal((await call(method)).status, status)
        assert.equal(tries, 1, `${method} ${status}`)
      }
      tries = 0
      script(hangUp)
      await assert.rejects(call(method), { code: 'UND_ERR_SOCKET' })
      assert.equal(tries, 1, method)
    }
  })

  it('is not made again when its client left during the wait', async () => {
    const client = new AbortController()
    script((request, response) => {
      refuse(503, { 'retry-after': '2' })(request, response)
      response.once('close', () => client.abort(new Error('left')))
    })
    await assert.rejects(call('GET', client.signal), /left/)
    assert.equal(tries, 1)
  })
})
