import assert from 'node:assert/strict'
import {
  Client as ClientOf2,
  StreamableHTTPClientTransport as TransportOf2,
} from '@modelcontextprotocol/client'
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { spawnHost } from '../../support/host.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'

const ME = { name: 'test', version: '1' }
const RESTARTS = 2

const connectBy2 = async (url: URL, mode: 'legacy' | { pin: string }) => {
  const client = new ClientOf2(ME, { versionNegotiation: { mode } })
  await client.connect(new TransportOf2(url))
  return client
}
const CONNECT = {
  'client 2.x, sessions': (url: URL) => connectBy2(url, 'legacy'),
  'client 2.x, 2026-07-28': (url: URL) => connectBy2(url, { pin: '2026-07-28' }),
  'sdk 1.x': async (url: URL) => {
    const client = new ClientOf1(ME)
    await client.connect(new TransportOf1(url))
    return client
  },
}

describe('a restart of the host in the middle of sessions', () => {
  const folder = useTempFolder()

  it('fails no call of any client, and carries none out twice', async function () {
    this.timeout(60_000)
    const api = await startRecorder()
    const [port = 0] = await findFreePorts(1)
    const parameters = { title: { required: true } }
    const service = makeService({
      port,
      tools: [
        makeTool({ name: 'add_item', method: 'POST', parameters }),
        makeTool({ name: 'get_item', parameters }),
      ],
    })
    const settings = { folder: folder(), services: [service], env: { BERTH_SANDBOX_URL: api.url } }
    const first = await spawnHost(settings)
    const env = { ...settings.env, BERTH_HOST_KEY_FILE: first.env.BERTH_HOST_KEY_FILE }
    const { hostKey } = first
    const ports = { widgets: port }
    const gateway = await startGateway({ ports, hostKey, patienceMs: 60_000 })
    const url = new URL(`${gateway.url}${INSTANCE_PATH}/mcp`)
    let host = first
    let isOver = false
    const failures: unknown[] = []
    const done: Record<string, number> = {}

    const converse = async (name: string, connect: (typeof CONNECT)[keyof typeof CONNECT]) => {
      const client = await connect(url)
      for (let turn = 0; !isOver; turn++) {
        const title = `${name} ${turn}`
        const tool = turn % 2 === 0 ? 'add_item' : 'get_item'
        const result = await client.callTool({ name: tool, arguments: { title } })
        if (result.isError === true) failures.push(result)
        if (turn % 5 === 0) await client.listTools()
        done[name] = turn + 1
      }
      await client.close()
    }
    /** Every client has gone on since. */
    const allGoOn = async () => {
      const before = { ...done }
      await waitUntil(
        'every client has made calls since',
        () =>
          failures.length > 0 ||
          Object.keys(CONNECT).every((name) => (done[name] ?? 0) > (before[name] ?? 0) + 1),
      )
    }

    try {
      const talks = Object.entries(CONNECT).map(([name, connect]) =>
        converse(name, connect).catch((error: unknown) => {
          failures.push(error)
        }),
      )
      await allGoOn()
      for (let restart = 0; restart < RESTARTS; restart++) {
        assert.equal(await host.stop(), 0)
        host = await spawnHost({ ...settings, env })
        await allGoOn()
      }
      isOver = true
      await Promise.all(talks)
    } finally {
      isOver = true
      await gateway.stop()
      await host.stop()
      await api.stop()
    }
    assert.deepEqual(failures, [])
    const added = api.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)
    assert.equal(new Set(added).size, added.length)
    assert.equal(
      api.requests.length,
      Object.values(done).reduce((sum, count) => sum + count, 0),
    )
  })
})
