import assert from 'node:assert/strict'
import { CREDENTIALS_HEADER, sealForHost } from '../../../src/model/host-credentials.ts'
import type { Service } from '../../../src/model/service.ts'
import { MAX_BODY_BYTES } from '../../../src/services/mcp/body.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send, type Sent } from '../../support/http.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const MCP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}
const TOO_MUCH = Buffer.alloc(MAX_BODY_BYTES + 1, ' ')

describe('a static port', () => {
  const folder = useTempFolder()
  let sandbox: Awaited<ReturnType<typeof startRecorder>>
  let host: Awaited<ReturnType<typeof startHostHere>>
  let services: Record<'widgets' | 'gadgets' | 'someday', Service>

  before(async () => {
    sandbox = await startRecorder()
    const parameters = { title: { required: true } }
    const tools = [makeTool({ name: 'add_item', method: 'POST', parameters })]
    const [one = 0, two = 0, three = 0] = await findFreePorts(3)
    services = {
      widgets: makeService({ port: one, tools }),
      gadgets: makeService({ name: 'gadgets', port: two, tools }),
      someday: makeService({ name: 'someday', port: three }),
    }
    host = await startHostHere({
      folder: folder(),
      services: Object.values(services),
      env: { BERTH_SANDBOX_URL: sandbox.url },
    })
  })
  after(async () => {
    await host.stop()
    await sandbox.stop()
  })
  beforeEach(() => sandbox.requests.splice(0))

  const ask = (path: string, sent: Sent = {}) => send(host.urlOf(services.widgets), path, sent)
  const codeOf = (body: unknown) => (body as { error?: { code?: unknown } }).error?.code
  const key = () => host.sealed(services.widgets, { api_key: 'key-of-anna' })

  it('names its service at /health', async () => {
    for (const [service, status, count] of [
      [services.widgets, 'healthy', 1],
      [services.gadgets, 'healthy', 1],
      [services.someday, 'planned', 0],
    ] as const) {
      const { status: code, body } = await send(host.urlOf(service), '/health?deep=1')
      assert.equal(code, 200)
      assert.deepEqual(body, { service: service.name, status, tools: count, pid: process.pid })
    }
  })

  it('lists its tools without credentials, and none of a planned service', async () => {
    const { body } = await ask('/tools')
    const listed = (body as { tools: { name: string }[] }).tools
    assert.deepEqual(listed.map(({ name }) => name), ['add_item']) // prettier-ignore
    assert.deepEqual((await send(host.urlOf(services.someday), '/tools')).body, { tools: [] })
  })

  it('calls a tool with the JSON arguments of a POST', async () => {
    const sent = { method: 'POST', headers: key(), body: { title: 'T' } }
    const { status, body } = await ask('/tools/add_item?x=1', sent)
    assert.equal(status, 200)
    assert.deepEqual(body, {
      content: [{ type: 'text', text: '{"ok":true}' }],
      structuredContent: { ok: true },
    })
    const [request] = sandbox.requests
    assert.deepEqual([request?.url, request?.body], ['/widgets/v1/items', '{"title":"T"}'])
    assert.equal(request?.headers['x-api-key'], 'key-of-anna')
    assert.ok(!(CREDENTIALS_HEADER in request.headers))
  })

  it('answers what went wrong with the arguments as a result, an empty body as none', async () => {
    const { status, body } = await ask('/tools/add_item', { method: 'POST', headers: key() })
    assert.equal(status, 200)
    assert.equal((body as { isError: boolean }).isError, true)
    assert.match(JSON.stringify(body), /\\"title\\" is required/)
  })

  it('answers 404 for another path or tool', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/tools/'],
      ['POST', '/tools/nothing'],
      ['POST', '/tools/%E0%A4%A'],
      ['POST', '/tools/constructor'],
      ['GET', '/mcp/more'],
      ['GET', '//health'],
    ] as const) {
      const { status, body } = await ask(path, { method })
      assert.deepEqual([status, codeOf(body)], [404, 'not_found'], path)
    }
  })

  it('answers 405 for another method, with those there are', async () => {
    for (const [method, path, allow] of [
      ['POST', '/tools', 'GET, HEAD'],
      ['OPTIONS', '/tools', 'GET, HEAD'],
      ['GET', '/tools/add_item', 'POST'],
      ['DELETE', '/tools/nothing', 'POST'],
    ] as const) {
      const { status, body, headers } = await ask(path, { method })
      assert.deepEqual([status, codeOf(body), headers.allow], [405, 'method_not_allowed', allow])
    }
    const { status, text } = await ask('/tools', { method: 'HEAD' })
    assert.deepEqual([status, text], [200, ''])
  })

  it('answers 400 for a body that is no JSON object', async () => {
    for (const body of ['{"title":', '[]', '"x"', 'null', 'title=T']) {
      const answer = await ask('/tools/add_item', { method: 'POST', headers: key(), body })
      assert.deepEqual([answer.status, codeOf(answer.body)], [400, 'malformed_json'], body)
    }
    const mcp = await ask('/mcp', { method: 'POST', headers: MCP_HEADERS, body: '{"jsonrpc":' })
    assert.equal(mcp.status, 400)
    assert.deepEqual(sandbox.requests, [])
  })

  it('answers 413 for a body over the limit, after all of it was sent, and goes on', async () => {
    const answer = await ask('/tools/add_item', { method: 'POST', body: TOO_MUCH })
    assert.deepEqual([answer.status, codeOf(answer.body)], [413, 'too_large'])
    assert.equal((await ask('/health')).status, 200)
  })

  it('refuses with 401 what the gateway did not seal for it', async () => {
    const credentials = { api_key: 'key-of-anna' }
    const { widgets, gadgets } = services
    const good = key()[CREDENTIALS_HEADER]
    const flipped = good.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    const stale = good.replace(/^\d+/, String(Date.now() - 1))
    const foreign = { service: 'widgets', port: widgets.port }
    for (const [why, sealed] of [
      ['another service', host.sealed(gadgets, credentials)[CREDENTIALS_HEADER]],
      ['another port', host.sealed({ ...widgets, port: 1 }, credentials)[CREDENTIALS_HEADER]],
      ['another install', sealForHost(Buffer.alloc(32), foreign, credentials)],
      ['flipped', flipped],
      ['expired', stale],
      ['in the clear', JSON.stringify(credentials)],
      ['empty', ''],
    ] as const)
      for (const path of ['/tools/add_item', '/mcp']) {
        const headers = { ...MCP_HEADERS, [CREDENTIALS_HEADER]: sealed }
        const answer = await ask(path, { method: 'POST', headers, body: { title: 'T' } })
        assert.deepEqual([answer.status, codeOf(answer.body)], [401, 'unauthorized'], why)
      }
    assert.deepEqual(sandbox.requests, [])
  })

  it('calls nobody without credentials', async () => {
    const { body } = await ask('/tools/add_item', { method: 'POST', body: { title: 'T' } })
    assert.match(JSON.stringify(body), /Widgets needs api_key/)
    assert.deepEqual(sandbox.requests, [])
  })
})
