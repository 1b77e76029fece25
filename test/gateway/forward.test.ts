import assert from 'node:assert/strict'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

describe('forwarding to a host', () => {
  let host: Awaited<ReturnType<typeof startRecorder>>
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    host = await startRecorder()
    front = await startGateway({ ports: { widgets: host.port } })
  })
  after(async () => {
    await front.stop()
    await host.stop()
  })

  for (const rest of [
    '/mcp',
    '/tools/get%2Fit?x=%20a&x=b&&y=%C3%A9',
    '/a//b/../c/./d',
    '/mcp?next=https://other.example//x?y=1',
    '/mcp?',
    '/%7Bid%7D;v=1/(x)~*!$',
  ])
    it(`leaves ${rest} behind the service name as it is`, async () => {
      await send(front.url, `${INSTANCE_PATH}${rest}`)
      assert.equal(host.requests.at(-1)?.url, rest)
    })

  it('sends / for a URL that ends with the service, and keeps its query', async () => {
    await send(front.url, `${INSTANCE_PATH}?a=1`)
    assert.equal(host.requests.at(-1)?.url, '/?a=1')
  })

  it('passes methods and bodies of any form', async () => {
    const large = 'ü'.repeat(300_000)
    const framings = [{ 'transfer-encoding': 'chunked' }, {}]
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      for (const headers of framings) {
        const answer = await send(front.url, INSTANCE_PATH, { method, headers, body: large })
        assert.equal(answer.status, 200, method)
        assert.equal(host.requests.at(-1)?.method, method)
        assert.ok(host.requests.at(-1)?.body === large, `the body of ${method} is whole`)
      }
  })

  it('takes the body of a chunked DELETE for no request of its own', async () => {
    const before = host.requests.length
    const body = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n'
    const headers = { 'transfer-encoding': 'chunked' }
    await send(front.url, INSTANCE_PATH, { method: 'DELETE', headers, body })
    await send(front.url, `${INSTANCE_PATH}/next`)
    const seen = host.requests.slice(before).map(({ method, url }) => `${method} ${url}`)
    assert.deepEqual(seen, ['DELETE /', 'GET /next'])
  })

  it('closes the connection of a client that wants it closed, and keeps that of any other', async () => {
    for (const [wanted, given] of [
      ['close', 'close'],
      ['keep-alive', 'keep-alive'],
    ]) {
      const { headers } = await send(front.url, INSTANCE_PATH, { headers: { connection: wanted } })
      assert.equal(headers.connection, given)
    }
  })
})
