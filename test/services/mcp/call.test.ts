import assert from 'node:assert/strict'
import type { ToolResult } from '../../../src/model/host-protocol.ts'
import type { Service } from '../../../src/model/service.ts'
import { callTool } from '../../../src/services/mcp/call.ts'
import { createUpstream, type Upstream } from '../../../src/services/mcp/upstream.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { makeTool } from '../../support/tools.ts'

const tool = makeTool({
  name: 'get_item',
  endpoint: '/items/{id}',
  parameters: { id: { required: true }, n: { type: 'integer' } },
})

const at = (baseURL: string, over: Partial<Service> = {}): Service =>
  makeService({ api: { baseURL, version: '', documentation: '' }, tools: [tool], ...over })

describe('a call of a tool', () => {
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let upstream: Upstream

  before(async () => {
    recorder = await startRecorder(({ headers }) => ({
      body: JSON.stringify({ saw: headers['x-api-key'] }),
    }))
    upstream = createUpstream({ sandboxUrl: undefined, allowPrivate: false })
  })
  after(async () => {
    await upstream.close()
    await recorder.stop()
  })
  beforeEach(() => recorder.requests.splice(0))

  const textOf = (result: ToolResult | undefined): string => {
    const [part] = result?.content ?? []
    return part?.type === 'text' ? part.text : ''
  }

  const call = async (service: Service, args: Record<string, unknown>, key = 'key-of-anna') => {
    const called = await callTool({
      service,
      tool: 'get_item',
      args,
      credentials: key === '' ? {} : { api_key: key },
      upstream,
    })
    assert.equal(called?.usage.tool, 'get_item')
    assert.equal(called.usage.ok, called.result.isError !== true)
    return called.result
  }

  const errorOf = async (...given: Parameters<typeof call>): Promise<string> => {
    const result = await call(...given)
    assert.equal(result.isError, true)
    return textOf(result)
  }

  it('reaches the API with the user’s key and never shows it', async () => {
    const result = await call(at(`${recorder.url}/v1`), { id: 'a b' })
    assert.deepEqual(result, {
      content: [{ type: 'text', text: '{"saw":"[api_key]"}' }],
      structuredContent: { saw: '[api_key]' },
    })
    const [request] = recorder.requests
    assert.equal(request?.url, '/v1/items/a%20b')
    assert.equal(request.headers['x-api-key'], 'key-of-anna')
  })

  it('of a tool that is not there is undefined', async () => {
    const service = makeService({ tools: [tool] })
    for (const name of ['nothing', 'GET_ITEM', '', 'constructor'])
      assert.equal(
        await callTool({ service, tool: name, args: {}, credentials: {}, upstream }),
        undefined,
      )
  })

  it('with wrong arguments tells all of it to the agent, and calls nobody', async () => {
    const text = await errorOf(at(recorder.url), { n: 'x', more: 1 })
    assert.match(text, /^get_item: "more" is not a parameter.*"id" is required; "n" must be/)
    assert.deepEqual(recorder.requests, [])
  })

  it('without a credential that is required names the field, and calls nobody', async () => {
    assert.equal(
      await errorOf(at(recorder.url), { id: 'x' }, ''),
      'Widgets needs api_key. The user can enter a new api_key (The key) for the service "widgets": in Berth, or by POST /api/v1/services/widgets/authenticate; the URL stays the same.',
    )
    assert.deepEqual(recorder.requests, [])
  })

  it('with an argument that would climb is refused before anybody is called', async () => {
    assert.match(await errorOf(at(recorder.url), { id: '..' }), /may not be "\." or "\.\."/)
    assert.deepEqual(recorder.requests, [])
  })

  it('with a key that no header can hold fails without showing it', async () => {
    assert.doesNotMatch(await errorOf(at(recorder.url), { id: 'x' }, 'key\nof-anna'), /of-anna/)
  })

  it('says when the API is not there', async () => {
    const [port] = await findFreePorts(1)
    assert.match(
      await errorOf(at(`http://127.0.0.1:${port}`), { id: 'x' }),
      /^Widgets cannot be reached: .*\(ECONNREFUSED\)\.$/,
    )
    assert.match(
      await errorOf(at('https://nowhere.invalid'), { id: 'x' }),
      /^Widgets cannot be reached: its host name does not resolve \((ENOTFOUND|EAI_AGAIN)\)\.$/,
    )
  })

  it('says when a user’s own address is a private one', async () => {
    const service = at('{base_url}/v1')
    const called = await callTool({
      service,
      tool: 'get_item',
      args: { id: 'x' },
      credentials: { api_key: 'k', base_url: `https://localhost:${recorder.port}` },
      upstream,
    })
    assert.equal(called?.result.isError, true)
    assert.match(textOf(called.result), /^localhost is a private address/)
    assert.deepEqual(recorder.requests, [])
  })

  it('of echo calls nobody', async () => {
    const result = await call(at(recorder.url, { name: 'echo' }), { id: 'x' })
    assert.equal(result.structuredContent?.['path'], '/items/x')
    assert.doesNotMatch(JSON.stringify(result), /key-of-anna/)
    assert.deepEqual(recorder.requests, [])
  })
})
