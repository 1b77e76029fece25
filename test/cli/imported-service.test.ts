import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadRegistry } from '../../src/registry/load.ts'
import { runBerth } from '../support/berth.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { spawnHost } from '../support/host.ts'
import { openapi } from '../support/openapi.ts'
import { startRecorder } from '../support/recorder.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const schema = (type: string) => ({ type })
const PATHS = {
  '/shops/{shop}/orders': {
    parameters: [{ in: 'path', name: 'shop', required: true, schema: schema('string') }],
    get: {
      operationId: 'orders.list',
      parameters: [
        { in: 'query', name: 'status', style: 'form', explode: false, schema: { type: 'array', items: schema('string') } },
        { in: 'query', name: 'created', style: 'deepObject', schema: { type: 'object', properties: { gte: schema('string') } } },
        { in: 'header', name: 'X-Locale', schema: schema('string') },
      ],
    },
    post: {
      operationId: 'orders.create',
      requestBody: { content: { 'application/json': { schema: { type: 'object', required: ['sku'], properties: { sku: schema('string'), count: schema('integer') } } } } },
    },
  },
} // prettier-ignore

describe('a service made of an OpenAPI document', () => {
  const folder = useTempFolder()

  it('is served by a host, and its calls leave as the document says', async () => {
    const registry = join(folder(), 'registry')
    const file = join(folder(), 'shop.json')
    const document = openapi(PATHS, {
      servers: [{ url: 'https://{region}.shop.dev/v2', variables: { region: { default: 'eu' } } }],
      security: [{ key: [] }],
      components: {
        securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Shop-Key' } },
      },
    })
    writeFileSync(file, JSON.stringify(document))
    const [port = 0] = await findFreePorts(1)
    const args = ['registry', 'import-openapi', file, '--name', 'shop', '--port', String(port)]
    const made = await runBerth(args, { BERTH_HOME: folder(), BERTH_REGISTRY_DIR: registry })
    assert.equal(made.code, 0, made.stderr)
    const { services, findings } = loadRegistry(registry)
    assert.deepEqual(findings, [])
    const [service] = services
    assert.ok(service)

    const api = await startRecorder()
    const host = await spawnHost({
      folder: folder(),
      services,
      env: { BERTH_SANDBOX_URL: api.url },
    })
    try {
      const secrets = service.auth.fields.map(({ name, type }) => [name, type === 'password' ? 'key-of-anna' : 'us']) // prettier-ignore
      const sealed = host.sealed(service, Object.fromEntries(secrets))
      const call = async (tool: string, given: Record<string, unknown>) => {
        const init = { method: 'POST', headers: sealed, body: JSON.stringify(given) }
        const answer = await fetch(`${host.urlOf(service)}/tools/${tool}`, init)
        assert.equal(((await answer.json()) as { isError?: boolean }).isError, undefined)
        return api.requests.at(-1)
      }
      const listed = await call('orders_list', { shop: 'a/b', status: ['new', 'p,q'], created: { gte: '2026' }, 'X-Locale': 'de' }) // prettier-ignore
      assert.equal(listed?.method, 'GET')
      assert.equal(listed.url, '/shop/v2/shops/a%2Fb/orders?status=new,p%2Cq&created%5Bgte%5D=2026')
      assert.equal(listed.headers['x-locale'], 'de')
      assert.equal(listed.headers['x-shop-key'], 'key-of-anna')
      const added = await call('orders_create', { shop: 's1', sku: 'x', count: 2 })
      assert.deepEqual([added?.method, added?.url, added?.body], ['POST', '/shop/v2/shops/s1/orders', '{"sku":"x","count":2}']) // prettier-ignore
      assert.equal(added?.headers['content-type'], 'application/json')
    } finally {
      await host.stop()
      await api.stop()
    }
  })
})
