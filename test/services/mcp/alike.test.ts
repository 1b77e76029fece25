import assert from 'node:assert/strict'
import { silentLog } from '../../../src/base/log.ts'
import { createCalls } from '../../../src/services/mcp/calls.ts'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server'
import { readBody } from '../../../src/services/mcp/body.ts'
import { LEGACY_VERSIONS, readHotMessage } from '../../../src/services/mcp/hot-message.ts'
import { serveMcp } from '../../../src/services/mcp/mcp.ts'
import { serveBySdk } from '../../../src/services/mcp/sdk.ts'
import { createUpstream } from '../../../src/services/mcp/upstream.ts'
import { ACCEPT, CASES, JSON_TYPE } from '../../fixtures/mcp-messages.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { makeTool } from '../../support/tools.ts'

type Serve = typeof serveMcp

/** Answers every request by one of the two ways. */
const startServer = async (
  serve: Serve,
  exchange: Omit<Parameters<Serve>[0], 'request' | 'response'>,
) => {
  const server = createServer((request, response) => {
    serve({ ...exchange, request, response }).catch((error: unknown) => {
      response.writeHead(599).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Of the connection, of the framing, for the gateway alone, or a name that only the own path gives. */
const INCIDENTAL = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'x-berth-usage', 'mcp-session-id'] // prettier-ignore

const answerOf = async (
  url: string,
  { method = 'POST', headers, body }: (typeof CASES)[string],
) => {
  const init = {
    method,
    headers,
    ...(method === 'POST' ? { body: Buffer.from(body, 'latin1') } : {}),
  }
  const answer = await fetch(`${url}/mcp`, init)
  const text = await answer.text()
  const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
  const type = answer.headers.get('content-type')
  return {
    status: answer.status,
    headers: [...answer.headers].filter(([name]) => !INCIDENTAL.includes(name)).sort(),
    messages: text === '' ? [] : (type === 'text/event-stream' ? events : [text]).map((one) => JSON.parse(one) as unknown), // prettier-ignore
    // Beyond the messages themselves, a stream has the same frames.
    frames: text.replace(/(?<=^data: ).*$/gm, '').replace(/^\{.*\}$/, ''),
  }
}

describe('the own path for frequent messages and the SDK', () => {
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let own: Awaited<ReturnType<typeof startServer>>
  let sdk: Awaited<ReturnType<typeof startServer>>
  const upstream = () => createUpstream({ sandboxUrl: recorder.url, allowPrivate: false })
  let out: ReturnType<typeof upstream>

  before(async () => {
    recorder = await startRecorder(({ url }) =>
      url.includes('missing') ? { status: 404, body: '{"no":"such"}' } : {},
    )
    out = upstream()
    const tools = [
      makeTool({ name: 'get_item', endpoint: '/items/{id}', parameters: { id: {}, ü: {} } }),
      makeTool({ name: 'add_item', method: 'POST', parameters: { title: { required: true } } }),
    ]
    const service = makeService({ tools })
    const exchange = {
      service,
      credentials: { api_key: 'key-of-anna' },
      upstream: out,
      calls: createCalls(silentLog),
    }
    own = await startServer(serveMcp, exchange)
    sdk = await startServer(
      async (given) => serveBySdk(given, await readBody(given.request)),
      exchange,
    )
  })
  after(async () => {
    await Promise.all([own.stop(), sdk.stop(), recorder.stop(), out.close()])
  })

  for (const [name, given] of Object.entries(CASES))
    it(`answer alike: ${name}`, async () => {
      const [ours, theirs] = [await answerOf(own.url, given), await answerOf(sdk.url, given)]
      assert.deepEqual(ours, theirs)
      assert.notEqual(ours.status, 599)
    })

  it('share the work: what is frequent and well formed never reaches the SDK, the rest always', () => {
    for (const [name, { method = 'POST', headers, body, hot }] of Object.entries(CASES)) {
      if (method !== 'POST') continue
      const lower = Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value.trim()]),
      )
      const message = readHotMessage(lower, Buffer.from(body, 'latin1'))
      assert.equal(message !== undefined, hot ?? false, name)
    }
  })

  it('know the same revisions', () => {
    assert.deepEqual([...LEGACY_VERSIONS], SUPPORTED_PROTOCOL_VERSIONS)
  })

  it('leave no message unread that a byte less would make', () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    const headers = { 'content-type': JSON_TYPE, accept: ACCEPT }
    for (let length = 0; length < body.length; length++)
      assert.equal(readHotMessage(headers, Buffer.from(body.slice(0, length))), undefined)
    assert.ok(readHotMessage(headers, Buffer.from(body)))
  })
})
