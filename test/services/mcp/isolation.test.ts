import assert from 'node:assert/strict'
import type { Service } from '../../../src/model/service.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const CALLS = 100
const USERS = 20

describe('many users at once', () => {
  const folder = useTempFolder()
  let sandbox: Awaited<ReturnType<typeof startRecorder>>
  let host: Awaited<ReturnType<typeof spawnHost>>
  let services: Service[]

  before(async () => {
    // The API says whose key came with which call; masking would hide the key itself.
    sandbox = await startRecorder(({ url, headers }) => ({
      body: JSON.stringify({ url, user: String(headers['x-api-key']).replace('secret-key-', '') }),
    }))
    const ports = await findFreePorts(2)
    const tools = [makeTool({ name: 'get', endpoint: '/n/{n}', parameters: { n: {} } })]
    services = ports.map((port, index) => makeService({ name: `s${index}`, port, tools }))
    const env = { BERTH_SANDBOX_URL: sandbox.url }
    host = await spawnHost({ folder: folder(), services, env })
  })
  after(async () => {
    await host.stop()
    await sandbox.stop()
  })

  const calls = Array.from({ length: CALLS }, (_, n) => ({ n, user: `u${n % USERS}` }))

  const expected = ({ n, user }: (typeof calls)[number]) => ({
    url: `/${services[n % 2]!.name}/v1/n/${n}`,
    user,
  })

  it('each call carries its own user’s key, over plain HTTP', async () => {
    const answers = await Promise.all(
      calls.map(async ({ n, user }) => {
        const service = services[n % 2]!
        const headers = host.sealed(service, { api_key: `secret-key-${user}` })
        const answer = await send(host.urlOf(service), '/tools/get', {
          method: 'POST',
          headers,
          body: { n },
        })
        return (answer.body as { structuredContent: unknown }).structuredContent
      }),
    )
    assert.deepEqual(answers, calls.map(expected))
  })

  it('each call carries its own user’s key, over MCP', async () => {
    const answers = await Promise.all(
      calls.map(async ({ n, user }) => {
        const service = services[n % 2]!
        const sealed = host.sealed(service, { api_key: `secret-key-${user}` })
        const answer = await send(host.urlOf(service), '/mcp', {
          method: 'POST',
          headers: { ...sealed, accept: 'application/json, text/event-stream' },
          body: {
            jsonrpc: '2.0',
            id: n,
            method: 'tools/call',
            params: { name: 'get', arguments: { n } },
          },
        })
        const text = /^data: (.*)$/m.exec(answer.text)?.[1] ?? answer.text
        const message = JSON.parse(text) as { id: number; result: { structuredContent: unknown } }
        assert.equal(message.id, n)
        return message.result.structuredContent
      }),
    )
    assert.deepEqual(answers, calls.map(expected))
  })
})
