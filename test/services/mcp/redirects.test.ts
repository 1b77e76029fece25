import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Service } from '../../../src/model/service.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost, startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

/**
 * For localhost only, made by: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 * -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout localhost.key.pem -out localhost.cert.pem
 */
const TLS = join(import.meta.dirname, '../../fixtures/tls')
const CERT = join(TLS, 'localhost.cert.pem')

type Seen = { port: string; url: string; headers: IncomingMessage['headers'] }

describe('a redirect', () => {
  const folder = useTempFolder()
  const seen: Seen[] = []
  let first: Server
  let other: Server
  let service: Service
  let host: Awaited<ReturnType<typeof spawnHost>>

  const portOf = (server: Server) => (server.address() as AddressInfo).port

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = request.url ?? ''
    seen.push({ port: String(request.socket.localPort), url, headers: request.headers })
    const location = {
      '/v1/away': `https://localhost:${portOf(other)}/there?x=1`,
      '/v1/here': '/v1/end',
      '/v1/plain': `http://localhost:${portOf(other)}/there`,
      '/v1/round': '/v1/round',
    }[url]
    if (location) response.writeHead(302, { location }).end('moved')
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{"end":true}')
  }

  const startTls = (): Promise<Server> =>
    new Promise((resolve) => {
      const key = readFileSync(join(TLS, 'localhost.key.pem'))
      const server = createServer({ key, cert: readFileSync(CERT) }, answer)
      server.listen(0, '127.0.0.1', () => resolve(server))
    })

  const makeRedirected = async (): Promise<Service> => {
    const [port = 0] = await findFreePorts(1)
    return makeService({
      port,
      api: { baseURL: `https://localhost:${portOf(first)}/v1`, version: '', documentation: '' },
      auth: {
        type: 'api_key',
        fields: [],
        inject: {
          headers: { 'X-Api-Key': '{{api_key}}', Authorization: 'Bearer {{api_key}}' },
        },
      },
      tools: ['away', 'here', 'plain', 'round'].flatMap((name) => [
        makeTool({ name, endpoint: `/${name}` }),
        makeTool({ name: `post_${name}`, endpoint: `/${name}`, method: 'POST' }),
      ]),
    })
  }

  before(async () => {
    ;[first, other] = [await startTls(), await startTls()]
    service = await makeRedirected()
    const env = { NODE_EXTRA_CA_CERTS: CERT, BERTH_ALLOW_PRIVATE: 'true' }
    host = await spawnHost({ folder: folder(), services: [service], env })
  })
  after(async () => {
    await host.stop()
    for (const server of [first, other]) {
      server.closeAllConnections()
      server.close()
    }
  })
  beforeEach(() => seen.splice(0))

  type Host = Pick<Awaited<ReturnType<typeof startHostHere>>, 'urlOf' | 'sealed'>
  const call = async (tool: string, via: Host = host, to = service) => {
    const headers = via.sealed(to, { api_key: 'key-of-anna' })
    const { body } = await send(via.urlOf(to), `/tools/${tool}`, { method: 'POST', headers })
    return JSON.stringify(body)
  }
  const places = () => seen.map(({ port, url }) => `${port}${url}`)

  it('to another origin is followed without the key', async () => {
    assert.match(await call('away'), /"end":true/)
    assert.deepEqual(places(), [`${portOf(first)}/v1/away`, `${portOf(other)}/there?x=1`])
    assert.equal(seen[0]?.headers['x-api-key'], 'key-of-anna')
    assert.doesNotMatch(JSON.stringify(seen[1]?.headers), /key-of-anna/)
  })

  it('within the origin keeps the key', async () => {
    assert.match(await call('here'), /"end":true/)
    assert.equal(seen[1]?.url, '/v1/end')
    assert.equal(seen[1].headers['x-api-key'], 'key-of-anna')
  })

  it('to plain http is not followed', async () => {
    assert.match(await call('plain'), /answered 302\. The API points elsewhere/)
    assert.equal(seen.length, 1)
  })

  it('of anything but a GET is not followed', async () => {
    assert.match(await call('post_away'), /answered 302\. The API points elsewhere/)
    assert.equal(seen.length, 1)
  })

  it('in a circle ends', async () => {
    assert.match(await call('round'), /answered 302/)
    assert.equal(seen.length, 4)
  })

  it('to a private address that the registry does not name is refused', async () => {
    const guarded = await makeRedirected()
    const env = { NODE_EXTRA_CA_CERTS: CERT }
    const strict = await spawnHost({ folder: folder(), services: [guarded], env })
    try {
      assert.match(await call('away', strict, guarded), /localhost is a private address/)
      assert.deepEqual(places(), [`${portOf(first)}/v1/away`])
    } finally {
      await strict.stop()
    }
  })

  it('is not even asked for at a server whose certificate nobody vouches for', async () => {
    const doubtful = await makeRedirected()
    const strict = await startHostHere({ folder: folder(), services: [doubtful] })
    try {
      const text = await call('here', strict, doubtful)
      assert.match(text, /Widgets cannot be reached: its certificate is not accepted/)
      assert.deepEqual(places(), [])
    } finally {
      await strict.stop()
    }
  })
})
