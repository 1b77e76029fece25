import assert from 'node:assert/strict'
import { startConversations } from '../../support/conversations.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { spawnHost } from '../../support/host.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const RESTARTS = 2

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
    const talks = startConversations(url, { tools: ['add_item', 'get_item'] })
    try {
      await talks.allGoOn()
      for (let restart = 0; restart < RESTARTS; restart++) {
        assert.equal(await host.stop(), 0)
        host = await spawnHost({ ...settings, env })
        await talks.allGoOn()
      }
    } finally {
      await talks.stop()
      await gateway.stop()
      await host.stop()
      await api.stop()
    }
    assert.deepEqual(talks.failures, [])
    const added = api.requests.filter(({ method }) => method === 'POST').map(({ body }) => body)
    assert.equal(new Set(added).size, added.length)
    assert.equal(api.requests.length, talks.count())
  })
})
