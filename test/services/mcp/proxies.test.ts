import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Proxies } from '../../../src/services/mcp/environment.ts'
import { createUpstream, type UpstreamOptions } from '../../../src/services/mcp/upstream.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startProxy } from '../../support/proxy.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const TLS = join(import.meta.dirname, '../../fixtures/tls')
const CERT = join(TLS, 'localhost.cert.pem')

describe('the way out through a proxy', () => {
  const folder = useTempFolder()
  const secure = createServer(
    { key: readFileSync(join(TLS, 'localhost.key.pem')), cert: readFileSync(CERT) },
    ({ headers }, response) => response.end(JSON.stringify({ host: headers.host })),
  )
  let securePort: number
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let proxy: Awaited<ReturnType<typeof startProxy>>

  before(async () => {
    recorder = await startRecorder()
    await once(secure.listen(0, '127.0.0.1'), 'listening')
    securePort = (secure.address() as AddressInfo).port
    proxy = await startProxy({ plainPort: recorder.port, tunnelPort: securePort })
  })
  after(async () => {
    await proxy.stop()
    await recorder.stop()
    secure.closeAllConnections()
    secure.close()
  })
  beforeEach(() => {
    proxy.seen.length = recorder.requests.length = 0
    proxy.state.status = 200
    proxy.state.authorization.clear()
  })

  type Way = Partial<Proxies> & Partial<Omit<UpstreamOptions, 'proxies'>>
  const get = async (
    href: string,
    { httpProxy = '', httpsProxy = '', noProxy = '', ...rest }: Way,
  ) => {
    const proxies = { httpProxy, httpsProxy, noProxy }
    const upstream = createUpstream({ sandboxUrl: undefined, allowPrivate: true, ...rest, proxies })
    try {
      const request = { method: 'GET', url: new URL(href), headers: {}, body: undefined }
      return await upstream.send(makeService(), request)
    } finally {
      await upstream.close()
    }
  }
  const at = (address = proxy.address) => `http://${address}`

  it('asks it for plain http in absolute form, the API’s host named', async () => {
    const answer = await get('http://api.invalid/v1/items?a=b', { httpProxy: at() })
    assert.equal(answer.body.toString(), '{"ok":true}')
    assert.deepEqual(proxy.seen, ['GET http://api.invalid/v1/items?a=b'])
    assert.equal(recorder.requests[0]?.headers.host, 'api.invalid')
  })

  it('is used by the host program as its environment says, in capitals or not', async () => {
    const [one = 0, two = 0] = await findFreePorts(2)
    const based = (name: string, port: number, baseURL: string) =>
      makeService({
        name,
        port,
        api: { baseURL, version: '', documentation: '' },
        tools: [makeTool({ name: 'get' })],
      })
    const services = [
      based('tunnelled', one, `https://localhost:${securePort}`),
      based('near', two, recorder.url),
    ]
    const env = {
      NODE_EXTRA_CA_CERTS: CERT,
      HTTPS_PROXY: proxy.address, // without a scheme, as curl takes it
      http_proxy: at(),
      NO_PROXY: 'example.com, 127.0.0.1',
    }
    const host = await spawnHost({ folder: folder(), services, env })
    try {
      const texts = []
      for (const service of services) {
        const headers = host.sealed(service, { api_key: 'key-of-anna' })
        texts.push(
          (await send(host.urlOf(service), '/tools/get', { method: 'POST', headers })).text,
        )
      }
      assert.ok(
        texts[0]?.includes(`"structuredContent":{"host":"localhost:${securePort}"}`),
        texts[0],
      )
      assert.ok(texts[1]?.includes('"structuredContent":{"ok":true}'), texts[1])
    } finally {
      await host.stop()
    }
    // Inside the tunnel the key is the API's alone; the exempt host never came here.
    assert.deepEqual(proxy.seen, [`CONNECT localhost:${securePort}`])
  })

  it('has a variable for each scheme: https does not go through HTTP_PROXY', async () => {
    await assert.rejects(
      get(`https://localhost:${securePort}/`, { httpProxy: at() }),
      /certificate/,
    )
    await get(`${recorder.url}/plain`, { httpsProxy: at() })
    assert.deepEqual(proxy.seen, [])
    assert.equal(recorder.requests.length, 1)
  })

  it('is left out for what NO_PROXY names: a host, its subdomains, a port, or all', async () => {
    const url = `http://localhost:${recorder.port}/`
    for (const noProxy of ['localhost', 'a.test,LOCALHOST', `localhost:${recorder.port}`, '*'])
      await get(url, { httpProxy: at(), noProxy })
    assert.deepEqual(proxy.seen, [])
    await get(url, { httpProxy: at(), noProxy: 'localhost:1 ocalhost' })
    await get('http://b.a.invalid/', { httpProxy: at(), noProxy: 'a.test,.b.a.invalid.more' })
    assert.equal(proxy.seen.length, 2)
  })

  it('is told the password of its address, and the API is not', async () => {
    await get('http://api.invalid/', { httpProxy: at(`anna:p%40ss@${proxy.address}`) })
    assert.deepEqual([...proxy.state.authorization], [`Basic ${btoa('anna:p@ss')}`])
  })

  it('is no way around the guard of private addresses', async () => {
    for (const [scheme, name] of [
      ['http', '127.0.0.1'],
      ['https', 'localhost'],
    ] as const)
      // prettier-ignore
      await assert.rejects(
        get(`${scheme}://${name}:${recorder.port}/`, {
          httpProxy: at(),
          httpsProxy: at(),
          allowPrivate: false,
        }),
        { code: 'forbidden' },
      )
    await assert.rejects(
      get(`http://localhost:${recorder.port}/`, {
        httpProxy: at(),
        noProxy: '*',
        allowPrivate: false,
      }),
      { code: 'forbidden' },
    )
    assert.deepEqual([proxy.seen, recorder.requests], [[], []])
  })

  it('fails when it refuses, and does not go around it', async () => {
    proxy.state.status = 407
    await assert.rejects(get(`https://localhost:${securePort}/`, { httpsProxy: at() }), /407/)
    await assert.rejects(get('http://api.invalid/', { httpProxy: at() }), /407/)
    assert.equal(proxy.seen.length, 2)
    assert.deepEqual(recorder.requests, [])
  })

  it('is not taken into the sandbox', async () => {
    await get('http://api.invalid/v1', { sandboxUrl: recorder.url, httpProxy: at() })
    assert.deepEqual(proxy.seen, [])
    assert.equal(recorder.requests[0]?.url, '/widgets/v1')
  })
})
