import assert from 'node:assert/strict'
import { useCleanup } from '../support/cleanup.ts'
import { INSTANCE_PATH } from '../support/gateway.ts'
import { send, type Sent } from '../support/http.ts'
import { chainOf, startTracedWorld } from '../support/traced-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const CLIENTS = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const MCP = { accept: 'application/json, text/event-stream' }
const call = (id: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'get_item', arguments: { id } },
})

/** Node's server takes what comes in chunks, the lean one the rest. */
const WAYS: Readonly<Record<string, Sent['headers']>> = {
  'the lean server': {},
  "Node's server": { 'transfer-encoding': 'chunked' },
}

describe('a traced tool call', function () {
  this.timeout(30_000)
  const folder = useTempFolder()
  const cleanUp = useCleanup()
  const start = async (over: Partial<Parameters<typeof startTracedWorld>[0]> = {}) => {
    const world = await startTracedWorld({ folder: folder(), ...over })
    cleanUp(world.stop)
    const post = (path: string, body: unknown, headers: Sent['headers'] = {}) =>
      send(world.front.url, `${INSTANCE_PATH}${path}`, {
        method: 'POST',
        body,
        headers: { ...MCP, ...headers },
      })
    return { ...world, post }
  }

  for (const [way, headers] of Object.entries(WAYS))
    it(`is one trace from gateway over host to the API, through ${way}`, async () => {
      const { post, spans } = await start()
      const answer = await post('/mcp', call('7'), headers)
      assert.match(answer.text, /^event: message/) // a stream
      const all = await spans()
      const chain = chainOf(all)
      assert.deepEqual(
        chain.map(({ name, kind }) => [kind, name]),
        [
          ['server', 'POST /{instance}/widgets/mcp'],
          ['client', 'POST /mcp'],
          ['server', 'POST /mcp'],
          ['server', 'tools/call get_item'],
          ['client', 'GET /items/{id}'],
        ],
      )
      assert.equal(all.length, chain.length)
      assert.equal(new Set(all.map(({ traceId }) => traceId)).size, 1)
      assert.deepEqual(all.map(({ isError }) => isError), [false, false, false, false, false]) // prettier-ignore
      const id = answer.headers['x-request-id']
      assert.deepEqual(
        chain.map(({ facts }) => facts['berth.request_id']),
        [id, id, id, undefined, undefined],
      )
      const { facts } = chain[4] ?? assert.fail()
      assert.deepEqual(facts, {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.scheme': 'https',
        'server.address': 'api.widgets.test',
        'server.port': 443,
        'url.template': '/items/{id}',
        'berth.service': 'widgets',
      })
      assert.deepEqual(
        chain.map(({ resource }) => [resource['service.name'], resource['berth.process']]),
        [...Array<string[]>(2).fill(['berth', 'main-api']), ...Array<string[]>(3).fill(['berth', 'mcp-host-0'])], // prettier-ignore
      )
    })

  it('says which part failed, and its log line names the trace', async () => {
    const { post, host, spans } = await start({ answer: () => ({ status: 500 }) })
    await post('/tools/get_item', { id: '7' })
    const line = await host.hasLogged('tool failed')
    const chain = chainOf(await spans())
    assert.equal(line['traceId'], chain[0]?.traceId)
    assert.deepEqual(
      chain.map(({ name, isError, facts }) => [name, isError, facts['error.type']]),
      [
        ['POST /{instance}/widgets/tools/{name}', false, undefined],
        ['POST /tools/{name}', false, undefined],
        ['POST /tools/{name}', false, undefined],
        ['tools/call get_item', true, 'tool_error'],
        ['GET /items/{id}', true, '500'],
      ],
    )
  })

  it("is linked to the client's own trace, and neither host nor API ever see that", async () => {
    const { post, api, spans } = await start()
    const headers = { traceparent: CLIENTS, tracestate: 'vendor=1', baggage: 'user=anna' }
    await post('/tools/get_item', { id: '7' }, headers)
    const [outward] = api.requests
    for (const name of Object.keys(headers)) assert.equal(outward?.headers[name], undefined)
    const chain = chainOf(await spans())
    assert.equal(chain.length, 5)
    assert.notEqual(chain[0]?.traceId, CLIENTS.slice(3, 35))
    assert.deepEqual(chain.map(({ links }) => links), [[CLIENTS.slice(3, 35)], [], [], [], []]) // prettier-ignore
  })

  it('is told to the APIs that the operator names, by a header of its own', async () => {
    const { post, api, spans } = await start({ hostEnv: { BERTH_TRACEPARENT_TO: 'widgets' } })
    await post('/tools/get_item', { id: '7' }, { traceparent: CLIENTS })
    const last = chainOf(await spans()).at(-1)
    assert.equal(api.requests[0]?.headers['traceparent'], `00-${last?.traceId}-${last?.spanId}-01`)
  })

  it('is not recorded, nor the host told of it, when it is not sampled', async () => {
    const { post, host, collector, spans } = await start({
      ratio: 0,
      answer: () => ({ status: 500 }),
    })
    await post('/tools/get_item', { id: '7' }, { traceparent: CLIENTS })
    assert.equal((await host.hasLogged('tool failed'))['traceId'], undefined)
    assert.deepEqual(await spans(), [])
    assert.equal(collector.requests.length, 0)
  })
})
