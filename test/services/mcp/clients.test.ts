import assert from 'node:assert/strict'
import {
  Client as ClientOf2,
  StreamableHTTPClientTransport as TransportOf2,
} from '@modelcontextprotocol/client'
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Service } from '../../../src/model/service.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost } from '../../support/host.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const ME = { name: 'test', version: '1' }
type Given = { url: URL; headers: Record<string, string> }

const CONNECT = {
  'client 2.x': async ({ url, headers }: Given) => {
    const client = new ClientOf2(ME)
    await client.connect(new TransportOf2(url, { requestInit: { headers } }))
    return client
  },
  'sdk 1.x': async ({ url, headers }: Given) => {
    const client = new ClientOf1(ME)
    await client.connect(new TransportOf1(url, { requestInit: { headers } }))
    return client
  },
}

for (const [name, connect] of Object.entries(CONNECT))
  describe(`the official MCP client: ${name}`, () => {
    const folder = useTempFolder()
    let sandbox: Awaited<ReturnType<typeof startRecorder>>
    let host: Awaited<ReturnType<typeof spawnHost>>
    let services: [Service, Service]

    before(async () => {
      sandbox = await startRecorder(({ headers }) =>
        headers['x-api-key'] === 'key-of-anna' ? {} : { status: 401, body: '{"no":1}' },
      )
      const [one = 0, two = 0] = await findFreePorts(2)
      const parameters = { $top: { type: 'integer' }, title: { required: true } } as const
      services = [
        makeService({
          port: one,
          tools: [makeTool({ name: 'add_item', method: 'POST', parameters })],
        }),
        makeService({ name: 'someday', port: two, description: 'Not yet.' }),
      ]
      const env = { BERTH_SANDBOX_URL: sandbox.url }
      host = await spawnHost({ folder: folder(), services, env })
    })
    after(async () => {
      assert.equal(await host.stop(), 0)
      await sandbox.stop()
    })

    const connected = (service: Service, key = 'key-of-anna') =>
      connect({
        url: new URL(`${host.urlOf(service)}/mcp`),
        headers: host.sealed(service, { api_key: key }),
      })

    it('is told who it speaks to, and lists the tools', async () => {
      const client = await connected(services[0])
      assert.equal(client.getServerVersion()?.name, 'widgets')
      assert.equal(client.getInstructions(), 'Sells widgets.')
      const { tools } = await client.listTools()
      assert.deepEqual(
        tools.map((tool) => [tool.name, Object.keys(tool.inputSchema.properties ?? {})]),
        [['add_item', ['top', 'title']]],
      )
      await client.close()
    })

    it('calls a tool, again and again, with the key of its user', async () => {
      const client = await connected(services[0])
      sandbox.requests.splice(0)
      for (const title of ['a', 'b']) {
        const given = { name: 'add_item', arguments: { title, top: 3 } }
        const result = await client.callTool(given)
        assert.deepEqual(result.structuredContent, { ok: true })
      }
      assert.deepEqual(
        sandbox.requests.map(({ body }) => JSON.parse(body) as unknown),
        [
          { title: 'a', $top: 3 },
          { title: 'b', $top: 3 },
        ],
      )
      await client.close()
    })

    it('reads what the API refuses as an error of the tool, not of the protocol', async () => {
      const client = await connected(services[0], 'key-of-nobody')
      const result = await client.callTool({ name: 'add_item', arguments: { title: 'a' } })
      assert.equal(result.isError, true)
      assert.match(JSON.stringify(result.content), /answered 401\. The key is not accepted/)
      await client.close()
    })

    it('finds no tools at a planned service', async () => {
      const client = await connected(services[1])
      assert.deepEqual((await client.listTools()).tools, [])
      await client.close()
    })

    it('does not get in with credentials for another service', async () => {
      const headers = host.sealed(services[1], { api_key: 'key-of-anna' })
      const url = new URL(`${host.urlOf(services[0])}/mcp`)
      await assert.rejects(connect({ url, headers }))
    })
  })
