import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { systemCodeOf } from '../../../src/base/errors.ts'
import type { Service } from '../../../src/model/service.ts'
import { MAX_BODY_BYTES } from '../../../src/services/mcp/body.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'

const MCP_HEADERS = { accept: 'application/json, text/event-stream' }

describe('the host program', () => {
  const folder = useTempFolder()
  const held: ServerResponse[] = []
  /** An API that answers only when the test says so. */
  const api = createServer((_request, response) => held.push(response))
  let services: [Service, Service]
  let host: Awaited<ReturnType<typeof spawnHost>>

  before(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  })
  after(() => {
    api.closeAllConnections()
    api.close()
  })
  beforeEach(async () => {
    const [one = 0, two = 0] = await findFreePorts(2)
    services = [
      makeService({ port: one, tools: [makeTool({ name: 'get' })] }),
      makeService({ name: 'someday', port: two }),
    ]
    const { port } = api.address() as AddressInfo
    const env = { BERTH_SANDBOX_URL: `http://127.0.0.1:${port}` }
    host = await spawnHost({ folder: folder(), services, env })
  })
  afterEach(() => host.stop())

  const call = () =>
    send(host.urlOf(services[0]), '/tools/get', {
      method: 'POST',
      headers: host.sealed(services[0], { api_key: 'key-of-anna' }),
    })

  it('serves each service on its own port of loopback alone', async () => {
    for (const service of services) {
      const { body } = await send(host.urlOf(service), '/health')
      assert.equal((body as { service: string }).service, service.name)
      assert.equal((body as { pid: number }).pid, host.pid)
      await assert.rejects(send(`http://127.0.0.2:${service.port}`, '/health'), {
        code: 'ECONNREFUSED',
      })
    }
  })

  it('answers 413 at /mcp for a body over the limit, and goes on', async () => {
    const body = Buffer.alloc(MAX_BODY_BYTES + 1, ' ')
    const sent = { method: 'POST', headers: MCP_HEADERS, body }
    assert.equal((await send(host.urlOf(services[0]), '/mcp', sent)).status, 413)
    assert.equal((await send(host.urlOf(services[0]), '/health')).status, 200)
  })

  it('finishes the request under way after SIGTERM, takes no other, and exits with 0', async () => {
    const answer = call()
    const underWay = await waitUntil('the API is called', () => held.pop())
    const stopped = host.stop()
    await waitUntil('the ports are closed', () =>
      send(host.urlOf(services[0]), '/health').then(
        () => false,
        (error: unknown) => systemCodeOf(error) === 'ECONNREFUSED',
      ),
    )
    underWay.end('{"late":true}')
    assert.deepEqual((await answer).body, {
      content: [{ type: 'text', text: '{"late":true}' }],
      structuredContent: { late: true },
    })
    assert.equal(await stopped, 0)
  })

  it('closes idle connections at once on SIGTERM, and exits with 0', async () => {
    const idle = connect(services[1].port, '127.0.0.1')
    await once(idle, 'connect')
    idle.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(idle, 'data')
    const answer = call()
    const underWay = await waitUntil('the API is called', () => held.pop())
    const stopped = host.stop()
    await once(idle, 'close') // while the other request still waits
    underWay.end('{}')
    assert.equal((await answer).status, 200)
    assert.equal(await stopped, 0)
  })

  it('writes no key and no argument to its log', async () => {
    const answer = call()
    ;(await waitUntil('the API is called', () => held.pop())).writeHead(401).end('{}')
    await answer
    await host.stop()
    assert.doesNotMatch(JSON.stringify(host.lines), /key-of-anna/)
  })
})

describe('a host that cannot start', () => {
  const folder = useTempFolder()

  for (const [why, env, said] of [
    ['the registry is not there', { BERTH_REGISTRY_FILE: 'nowhere.json' }, /ENOENT/],
    ['its environment is wrong', { SERVICE_MODE: 'dynamic' }, /SERVICE_MODE/],
    ['it has no key', { BERTH_HOST_KEY_FILE: 'nowhere.key' }, /ENOENT/],
  ] as const)
    it(`says why: ${why}`, async () => {
      const [port = 0] = await findFreePorts(1)
      const settings = { folder: folder(), services: [makeService({ port })], env }
      await assert.rejects(spawnHost(settings), said)
    })
})
