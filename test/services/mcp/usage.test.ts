import assert from 'node:assert/strict'
import { USAGE_HEADER, type ToolUsage } from '../../../src/model/host-protocol.ts'
import { CASES, type McpCase } from '../../fixtures/mcp-messages.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const tool = (body: string): McpCase => ({ headers: JSON_TYPE, body })

describe('the report of a tool call', () => {
  const folder = useTempFolder()
  let api: Awaited<ReturnType<typeof startRecorder>>
  let host: Awaited<ReturnType<typeof startHostHere>>
  let gateway: Awaited<ReturnType<typeof startGateway>>
  let service: ReturnType<typeof makeService>

  before(async () => {
    api = await startRecorder(({ url }) => (url.includes('missing') ? { status: 404 } : {}))
    const [port = 0] = await findFreePorts(1)
    const get = makeTool({ name: 'get_item', endpoint: '/items/{id}', parameters: { id: {} } })
    service = makeService({ port, tools: [get] })
    const env = { BERTH_SANDBOX_URL: api.url }
    host = await startHostHere({ folder: folder(), services: [service], env })
    gateway = await startGateway({ ports: { widgets: port }, hostKey: host.hostKey })
  })
  after(async () => {
    await gateway.stop()
    await host.stop()
    await api.stop()
  })

  /** What the host tells, and that it goes no further. */
  const reportOf = async (path: string, message: McpCase | undefined) => {
    assert.ok(message)
    const { body } = message
    const sealed = host.sealed(service, { api_key: 'key-of-anna' })
    const headers = { ...message.headers, ...sealed }
    const told = await send(host.urlOf(service), path, { method: 'POST', headers, body })
    // A client cannot report for itself either.
    const own = { ...message.headers, [USAGE_HEADER]: '{"tool":"forged"}' }
    const passed = await send(gateway.url, `${INSTANCE_PATH}${path}`, { method: 'POST', headers: own, body }) // prettier-ignore
    assert.deepEqual([passed.status, passed.text], [told.status, told.text])
    assert.ok(!Object.keys(passed.headers).some((name) => name.startsWith('x-berth')))
    const report = told.headers[USAGE_HEADER]
    return typeof report === 'string' ? (JSON.parse(report) as ToolUsage) : undefined
  }
  const good = (report: ToolUsage | undefined) => {
    assert.ok(report)
    const { ms, ...rest } = report
    assert.ok(Number.isInteger(ms) && ms >= 0)
    return rest
  }

  it('names the tool, the API’s status and the time, at every door', async () => {
    for (const [path, message] of [
      ['/tools/get_item', tool('{"id":"i1"}')],
      ['/mcp', CASES['older era, call']],
      ['/mcp', CASES['newest era, call']],
    ] as const)
      assert.deepEqual(good(await reportOf(path, message)), { tool: 'get_item', ok: true, status: 200 }) // prettier-ignore
  })

  it('of one that the SDK answers in a stream is absent', async () => {
    assert.equal(await reportOf('/mcp', CASES['older era, call with __proto__']), undefined)
  })

  it('says what failed, and that nobody was called', async () => {
    const failed = { tool: 'get_item', ok: false }
    assert.deepEqual(good(await reportOf('/tools/get_item', tool('{"id":"missing"}'))), { ...failed, status: 404 }) // prettier-ignore
    assert.deepEqual(good(await reportOf('/tools/get_item', tool('{"nope":1}'))), failed)
  })

  it('is not made of anything else', async () => {
    for (const name of [
      'older era, list',
      'newest era, list',
      'older era, call of an unknown tool',
    ])
      assert.equal(await reportOf('/mcp', CASES[name]), undefined, name)
  })
})
