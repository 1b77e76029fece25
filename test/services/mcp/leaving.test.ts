import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CASES } from '../../fixtures/mcp-messages.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../../support/gateway.ts'
import { startHostHere } from '../../support/host.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'
import { waitUntil } from '../../support/wait-until.ts'

const MESSAGES = Object.fromEntries(
  Object.entries(CASES).map(([name, { headers, body }]) => [name, { headers, body }]),
)
const PLAIN = { headers: { 'content-type': 'application/json' }, body: '{"id":"i1"}' }

describe('a client that leaves before it has its answer', () => {
  const folder = useTempFolder()
  const cleanUp = useCleanup()

  /** An API that keeps everybody waiting, behind host and gateway. */
  const startWorld = async () => {
    const waiting: ServerResponse[] = []
    const api = createServer((_request, response) => waiting.push(response))
    await once(api.listen(0, '127.0.0.1'), 'listening')
    const [port = 0] = await findFreePorts(1)
    const tool = makeTool({ name: 'get_item', endpoint: '/items/{id}', parameters: { id: {} } })
    const service = makeService({ port, tools: [tool] })
    const env = { BERTH_SANDBOX_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}` }
    const host = await startHostHere({ folder: folder(), services: [service], env })
    const gateway = await startGateway({ ports: { widgets: port }, hostKey: host.hostKey })
    cleanUp(async () => {
      api.closeAllConnections()
      await gateway.stop()
      await host.stop()
      api.close()
    })
    return { waiting, url: `${gateway.url}${INSTANCE_PATH}` }
  }

  for (const [way, path, message] of [
    ['/tools', '/tools/get_item', PLAIN],
    ['/mcp, older', '/mcp', MESSAGES['older era, call']],
    ['/mcp, 2026-07-28', '/mcp', MESSAGES['newest era, call']],
    ['/mcp, by the SDK', '/mcp', MESSAGES['older era, call with __proto__']],
  ] as const)
    it(`ends the call to the API: ${way}`, async () => {
      assert.ok(message)
      const { waiting, url } = await startWorld()
      const client = new AbortController()
      const left = fetch(`${url}${path}`, { method: 'POST', ...message, signal: client.signal }).then((answer) => answer.text()) // prettier-ignore
      const held = await waitUntil('the API is called', () => waiting.pop())
      const ended = once(held, 'close')
      client.abort()
      await assert.rejects(left, { name: 'AbortError' })
      await ended
      assert.equal(held.writableEnded, false)
      // The one that stays has its answer.
      const stays = fetch(`${url}${path}`, { method: 'POST', ...message })
      ;(await waitUntil('the API is called again', () => waiting.pop())).end('{"late":true}')
      assert.match(await (await stays).text(), /late/)
    })
})
