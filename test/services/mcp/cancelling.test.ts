import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  Client as NewerClient,
  StreamableHTTPClientTransport as NewerTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { keepAlive, sendResult } from '../../../src/services/mcp/hot-answer.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { startHostHere } from '../../support/host.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'

describe('a client that cancels a call', () => {
  const folder = useTempFolder()
  const waiting: ServerResponse[] = []
  const api = createServer((_request, response) => waiting.push(response))
  let stop: () => Promise<void>
  let url: URL

  before(async () => {
    await once(api.listen(0, '127.0.0.1'), 'listening')
    const [port = 0] = await findFreePorts(1)
    const service = makeService({ port, tools: [makeTool({ name: 'get_item' })] })
    const env = { BERTH_SANDBOX_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}` }
    const host = await startHostHere({ folder: folder(), services: [service], env })
    const gateway = await startGateway({ ports: { widgets: port }, hostKey: host.hostKey })
    url = new URL(`${gateway.url}${INSTANCE_PATH}/mcp`)
    stop = async () => {
      api.closeAllConnections()
      await gateway.stop()
      await host.stop()
      api.close()
    }
  })
  after(() => stop())

  const connected = async () => {
    const client = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(url)
    await client.connect(transport)
    return { client, session: transport.sessionId }
  }
  const isCalled = () => waitUntil('the API is called', () => waiting.pop())

  it('ends the call of its own conversation, and goes on', async () => {
    const [one, other] = [await connected(), await connected()]
    assert.ok(one.session && other.session && one.session !== other.session)
    const client = new AbortController()
    const given = { name: 'get_item', arguments: {} }
    const cancelled = one.client.callTool(given, undefined, { signal: client.signal })
    const held = await isCalled()
    // With the same request id, in another conversation.
    const kept = other.client.callTool(given)
    const heldToo = await isCalled()
    const ended = once(held, 'close')
    client.abort()
    await assert.rejects(cancelled)
    await ended
    assert.equal(held.writableEnded, false)
    heldToo.end('{"late":true}')
    assert.match(JSON.stringify(await kept), /late/)
    const next = one.client.callTool(given)
    ;(await isCalled()).end('{"next":true}')
    assert.match(JSON.stringify(await next), /next/)
    await Promise.all([one.client.close(), other.client.close()])
  })

  it('ends it by leaving, where it speaks the newer revision', async () => {
    const newer = new NewerClient({ name: 'test', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } }) // prettier-ignore
    await newer.connect(new NewerTransport(url))
    const leave = new AbortController()
    const call = newer.callTool({ name: 'get_item', arguments: {} }, { signal: leave.signal })
    const held = await isCalled()
    const ended = once(held, 'close')
    leave.abort()
    await assert.rejects(call)
    await ended
    assert.equal(held.writableEnded, false)
    await newer.close()
  })

  const post = (headers: Record<string, string>, message: object) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }, // prettier-ignore
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    })
  const CALL = { id: 'c1', method: 'tools/call', params: { name: 'get_item', arguments: {} } }
  const CANCEL = { method: 'notifications/cancelled', params: { requestId: 'c1' } }

  it('has no answer to it', async () => {
    const session = { 'mcp-session-id': 'of-this-test' }
    const answer = post(session, CALL)
    await isCalled()
    assert.equal((await post(session, CANCEL)).status, 202)
    assert.equal(await (await answer).text(), '')
  })

  it('ends nothing without a conversation, or after the call', async () => {
    const answer = post({}, CALL)
    const held = await isCalled()
    assert.equal((await post({}, CANCEL)).status, 202)
    assert.equal((await post({ 'mcp-session-id': 'another' }, CANCEL)).status, 202)
    held.end('{"late":true}')
    assert.match(await (await answer).text(), /late/)
    assert.equal((await post({}, CANCEL)).status, 202)
  })
})

describe('a call that takes long', () => {
  it('is told of to a newer client that asked for its progress, in a stream that ends with the answer', async () => {
    const server = createServer((_request, response) => {
      const exchange = { era: 'modern', id: 1, response } as const
      keepAlive(exchange, undefined, 1)()
      const end = keepAlive(exchange, 'token-1', 5)
      setTimeout(() => {
        end()
        sendResult(exchange, '{"done":true}')
      }, 60)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const messages = [...(await answer.text()).matchAll(/^event: message\ndata: (.*)$/gm)].map(
      ([, data = '']) => JSON.parse(data) as { method?: string; result?: unknown },
    )
    server.close()
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    assert.equal(messages[0]?.method, 'notifications/progress')
    assert.deepEqual(messages.at(-1)?.result, { done: true })
  })

  it('is told of to an older client that asked for its progress', async () => {
    const server = createServer((_request, response) => {
      const end = keepAlive({ era: 'legacy', id: 1, response }, 'token-1', 5)
      setTimeout(() => {
        end()
        response.end()
      }, 60)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const text = await answer.text()
    server.close()
    const [first, second] = [...text.matchAll(/^event: message\ndata: (.*)$/gm)].map(
      ([, data = '']) => JSON.parse(data) as { method: string; params: Record<string, unknown> },
    )
    assert.equal(first?.method, 'notifications/progress')
    assert.equal(first.params['progressToken'], 'token-1')
    assert.ok(Number(second?.params['progress']) > Number(first.params['progress']))
  })
})
