import assert from 'node:assert/strict'
import { CREDENTIALS_HEADER, openFromGateway } from '../../src/model/host-credentials.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder, type RecordedAnswer } from '../support/recorder.ts'

describe('headers between client and host', () => {
  let answer: RecordedAnswer = {}
  let host: Awaited<ReturnType<typeof startRecorder>>
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    host = await startRecorder(() => answer)
    front = await startGateway({ ports: { widgets: host.port } })
  })
  beforeEach(() => {
    answer = {}
    host.requests.length = 0
  })
  after(async () => {
    await front.stop()
    await host.stop()
  })
  const lastHeaders = () => host.requests.at(-1)?.headers ?? {}

  it('passes what MCP and bodies need, and nothing else', async () => {
    const passed = {
      accept: 'application/json, text/event-stream',
      'accept-language': 'de',
      'content-type': 'application/json; charset=utf-8',
      'last-event-id': '42',
      'mcp-session-id': 'session-1',
      'mcp-protocol-version': '2025-06-18',
      'mcp-param-region': 'eu',
    }
    const dropped = {
      authorization: 'Bearer brt_mine',
      cookie: 'session=1',
      forwarded: 'for=1.2.3.4',
      'x-forwarded-for': '1.2.3.4',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-real-ip': '1.2.3.4',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
      baggage: 'a=b',
      'user-agent': 'tester',
      'accept-encoding': 'gzip',
      'proxy-authorization': 'Basic eDp5',
      te: 'trailers',
      'x-api-key': 'mine',
      'x-figma-token': 'mine',
      'x-http-method-override': 'DELETE',
    }
    const headers = { ...passed, ...dropped, host: 'friend.example' }
    await send(front.url, `${INSTANCE_PATH}/mcp`, { method: 'POST', headers, body: '{}' })
    const {
      host: at,
      connection,
      'content-length': length,
      'x-request-id': id,
      [CREDENTIALS_HEADER]: sealed,
      ...rest
    } = lastHeaders()
    assert.deepEqual(rest, {
      ...passed,
      forwarded: 'for=127.0.0.1;host="friend.example";proto=http',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'friend.example',
      'x-forwarded-proto': 'http',
    })
    assert.equal(at, `127.0.0.1:${host.port}`)
    assert.equal(connection, 'keep-alive')
    assert.equal(length, '2')
    assert.ok(id && sealed)
  })

  it('replaces every x-berth header and the request id of a client by its own', async () => {
    const headers = {
      [CREDENTIALS_HEADER]: 'forged',
      'X-Berth-Credentials': ['forged', 'twice'],
      'x-berth-user': 'root',
      'x-berth-usage': '9',
      'x-request-id': 'chosen',
    }
    await send(front.url, `${INSTANCE_PATH}/mcp`, { headers })
    const internal = Object.keys(lastHeaders()).filter((name) => name.startsWith('x-berth-'))
    assert.deepEqual(internal, [CREDENTIALS_HEADER])
    assert.doesNotMatch(String(lastHeaders()[CREDENTIALS_HEADER]), /forged/)
    assert.match(String(lastHeaders()['x-request-id']), /^[0-9a-f-]{36}$/)
  })

  it('seals the credentials for this service and port alone', async () => {
    await send(front.url, `${INSTANCE_PATH}/mcp`)
    const sealed = String(lastHeaders()[CREDENTIALS_HEADER])
    const at = { service: 'widgets', port: host.port }
    assert.deepEqual(openFromGateway(front.hostKey, at, sealed), { api_key: 'key-of-anna' })
    assert.equal(openFromGateway(front.hostKey, { ...at, port: at.port + 1 }, sealed), undefined)
    assert.equal(openFromGateway(front.hostKey, { ...at, service: 'other' }, sealed), undefined)
    assert.equal(openFromGateway(Buffer.alloc(32), at, sealed), undefined)
    assert.doesNotMatch(JSON.stringify(host.requests), /key-of-anna/)
  })

  it('strips x-berth headers from an answer and keeps the rest of it', async () => {
    answer = {
      status: 207,
      headers: { 'x-berth-usage': '3', 'X-Berth-Host': 'h', 'mcp-session-id': 's', 'x-own': 'o' },
      body: '{"a":1}',
    }
    const got = await send(front.url, `${INSTANCE_PATH}/mcp`)
    const internal = Object.keys(got.headers).filter((name) => name.startsWith('x-berth-'))
    assert.deepEqual(internal, [])
    assert.equal(got.status, 207)
    assert.equal(got.text, '{"a":1}')
    assert.equal(got.headers['mcp-session-id'], 's')
    assert.equal(got.headers['x-own'], 'o')
  })

  it('answers with the request id that it told the host, whatever the host answers', async () => {
    answer = { headers: { 'x-request-id': 'of the host' } }
    const ids = []
    for (let index = 0; index < 3; index++) {
      const got = await send(front.url, `${INSTANCE_PATH}/mcp`)
      assert.equal(got.headers['x-request-id'], lastHeaders()['x-request-id'])
      ids.push(got.headers['x-request-id'])
    }
    assert.equal(new Set(ids).size, 3)
  })
})
