import assert from 'node:assert/strict'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const HEADERS = { accept: 'application/json, text/event-stream' }

type Message = {
  id?: unknown
  result?: Record<string, unknown>
  error?: { code: number; message: string }
}

describe('bare JSON-RPC at /mcp', () => {
  const folder = useTempFolder()
  let sandbox: Awaited<ReturnType<typeof startRecorder>>
  let host: Awaited<ReturnType<typeof startHostHere>>
  let service: ReturnType<typeof makeService>

  before(async () => {
    sandbox = await startRecorder()
    const [port = 0] = await findFreePorts(1)
    const tool = makeTool({ name: 'get_item', endpoint: '/items/{id}', parameters: { id: {} } })
    service = makeService({ port, tools: [tool] })
    host = await startHostHere({
      folder: folder(),
      services: [service],
      env: { BERTH_SANDBOX_URL: sandbox.url },
    })
  })
  after(async () => {
    await host.stop()
    await sandbox.stop()
  })
  beforeEach(() => sandbox.requests.splice(0))

  /** Posts one message without any initialize; the answer is JSON or one server-sent event. */
  const post = async (method: string, params: unknown, headers = {}): Promise<Message> => {
    const sealed = host.sealed(service, { api_key: 'key-of-anna' })
    const answer = await send(host.urlOf(service), '/mcp', {
      method: 'POST',
      headers: { ...HEADERS, ...sealed, ...headers },
      body: { jsonrpc: '2.0', id: 'q1', method, params },
    })
    assert.equal(answer.status, 200, answer.text)
    const text = /^data: (.*)$/m.exec(answer.text)?.[1] ?? answer.text
    const message = JSON.parse(text) as Message
    assert.equal(message.id, 'q1')
    return message
  }

  it('calls a tool without initialize', async () => {
    const { result } = await post('tools/call', { name: 'get_item', arguments: { id: 'i1' } })
    assert.deepEqual(result?.['structuredContent'], { ok: true })
    assert.equal(sandbox.requests[0]?.url, '/widgets/v1/items/i1')
    assert.equal(sandbox.requests[0].headers['x-api-key'], 'key-of-anna')
  })

  it('lists tools without initialize', async () => {
    const { result } = await post('tools/list', {})
    assert.deepEqual(
      (result?.['tools'] as { name: string }[]).map(({ name }) => name),
      ['get_item'],
    )
  })

  it('does not need the list of tools to accept a call', async () => {
    const { result } = await post('tools/call', { name: 'get_item', arguments: { id: '7' } })
    assert.equal(result?.['isError'], undefined)
    assert.equal(sandbox.requests[0]?.url, '/widgets/v1/items/7')
  })

  it('says with an error that a tool is not there, and what to ask', async () => {
    const { error } = await post('tools/call', { name: 'nothing', arguments: {} })
    assert.equal(error?.code, -32602)
    assert.match(error.message, /widgets has no tool "nothing"; tools\/list names them/)
  })

  it('says with an error that a method is not there', async () => {
    assert.equal((await post('nothing/there', {})).error?.code, -32601)
  })

  it('answers wrong arguments as a result that the agent reads', async () => {
    const { result } = await post('tools/call', { name: 'get_item', arguments: { nope: 1 } })
    assert.equal(result?.['isError'], true)
    assert.match(JSON.stringify(result), /takes id/)
  })

  it('survives a client that leaves in the middle', async () => {
    const aborted = new AbortController()
    const request = fetch(`${host.urlOf(service)}/mcp`, {
      method: 'POST',
      signal: aborted.signal,
      headers: { ...HEADERS, 'content-type': 'application/json' },
      body: new ReadableStream({
        pull: () => aborted.abort(),
      }),
      duplex: 'half',
    })
    await assert.rejects(request, { name: 'AbortError' })
    assert.ok((await post('tools/list', {})).result)
  })

  it('has no stream to offer to a GET', async () => {
    assert.equal((await send(host.urlOf(service), '/mcp', { headers: HEADERS })).status, 405)
  })
})
