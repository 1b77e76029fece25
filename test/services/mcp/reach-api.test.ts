import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { reachApi } from '../../../src/services/mcp/reach-api.ts'
import { createUpstream } from '../../../src/services/mcp/upstream.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { makeService } from '../../support/services.ts'

describe('whether an API can be reached', () => {
  const seen: string[] = []
  let server: Server
  let status = 404
  before(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${String(request.headers.authorization)}`)
      response.writeHead(status).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())

  const reach = async (sandboxUrl: string, over = {}, waitMs = 5_000) => {
    const upstream = createUpstream({ sandboxUrl, allowPrivate: false })
    const tools = [
      { name: 'a', description: '', method: 'GET', endpoint: '/', parameters: {} },
    ] as const
    const result = await reachApi(makeService({ tools, ...over }), { upstream, waitMs })
    await upstream.close()
    return result
  }
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  it('is said by any answer to a HEAD without a key, through the sandbox where there is one', async () => {
    assert.deepEqual(await reach(url()), { ok: true })
    assert.match(seen.join(), /^HEAD \/widgets\/\S* undefined$/)
  })

  it('is denied by what stands in for an API that is away, and by nobody', async () => {
    status = 503
    assert.deepEqual(await reach(url()), { ok: false, reason: 'it answers 503' })
    const [closed] = await findFreePorts(1)
    const nobody = await reach(`http://127.0.0.1:${closed}`)
    assert.match(nobody.reason ?? '', /ECONNREFUSED/)
  })

  it('is denied when no answer comes in the time that the probe leaves', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { ok, reason = '' } = await reach(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, {}, 50) // prettier-ignore
    assert.equal(ok, false)
    assert.match(reason, /time/)
    silent.closeAllConnections()
    silent.close()
  })

  it('is not asked where each user has an address of their own', async () => {
    const count = seen.length
    const api = { ...makeService().api, baseURL: 'https://{subdomain}.example.com' }
    assert.deepEqual(await reach(url(), { api }), { ok: true })
    assert.equal(seen.length, count)
  })
})
