import assert from 'node:assert/strict'
import { importText, openapi } from '../../support/openapi.ts'

const auth = async (securitySchemes: object, security?: unknown, operation: object = {}) => {
  const more = { components: { securitySchemes }, ...(security === undefined ? {} : { security }) }
  const { config, notes } = await importText(openapi({ '/a': { get: operation }, '/b': { get: {} }, '/c': { get: {} } }, more)) // prettier-ignore
  return { ...config.auth, notes }
}
const key = (place: string, name: string) => ({ type: 'apiKey', in: place, name })

describe('the security schemes of an OpenAPI document', () => {
  const cases: readonly [string, object, string, object][] = [
    ['a key in a header', key('header', 'X-Api-Key'), 'api_key', { headers: { 'X-Api-Key': '{{api_key}}' } }],
    ['a key in the query', key('query', 'key'), 'api_key', { query: { key: '{{key}}' } }],
    ['a key in a cookie', key('cookie', 'sid'), 'api_key', { headers: { Cookie: 'sid={{sid}}' } }],
    ['basic', { type: 'http', scheme: 'Basic' }, 'basic', { basic: { username: '{{username}}', password: '{{password}}' } }],
    ['bearer', { type: 'http', scheme: 'bearer' }, 'bearer', { headers: { Authorization: 'Bearer {{bearer_token}}' } }],
    ['a scheme of its own', { type: 'http', scheme: 'Token' }, 'api_key', { headers: { Authorization: 'Token {{token}}' } }],
    ['OpenID', { type: 'openIdConnect', openIdConnectUrl: 'https://id.dev' }, 'oauth2', { headers: { Authorization: 'Bearer {{access_token}}' } }],
  ] // prettier-ignore
  for (const [what, scheme, type, inject] of cases)
    it(`say how credentials go in: ${what}`, async () => {
      const found = await auth({ s: scheme }, [{ s: [] }])
      assert.deepEqual([found.type, found.inject], [type, inject])
      assert.ok(found.fields.every(({ required, description }) => required && description))
    })

  it('of OAuth 2 bring the flow along', async () => {
    const flow = { authorizationUrl: 'https://p.dev/a', tokenUrl: 'https://p.dev/t', scopes: { read: '' } }
    const found = await auth({ s: { type: 'oauth2', flows: { authorizationCode: flow } } }, [{ s: ['read'] }])
    assert.deepEqual(found.oauth, { ...flow, scopes: ['read'] })
    assert.deepEqual(found.fields.map(({ name, required }) => [name, required]), [['access_token', true], ['client_id', false], ['client_secret', false]])
  }) // prettier-ignore

  it('may be needed together', async () => {
    const found = await auth({ a: key('header', 'X-App'), b: key('header', 'X-User') }, [{ a: [], b: [] }])
    assert.deepEqual(found.inject, { headers: { 'X-App': '{{app}}', 'X-User': '{{user}}' } })
    assert.ok(found.fields.every(({ required }) => required))
  }) // prettier-ignore

  it('may be alternatives: one is taken, and the others are named', async () => {
    const found = await auth({ a: { type: 'http', scheme: 'basic' }, b: key('query', 'k') }, [{ a: [] }, { b: [] }]) // prettier-ignore
    assert.deepEqual(found.inject, { query: { k: '{{k}}' } })
    assert.match(found.notes.map(({ reason }) => reason).join(), /takes a instead/)
  })

  it('are optional where few operations need them, or the document says so', async () => {
    const few = await auth({ a: key('query', 'k'), b: key('query', 'l') }, [{ a: [] }], { security: [{ b: [] }] }) // prettier-ignore
    assert.deepEqual(few.fields.map(({ name, required }) => [name, required]).sort(), [['k', true], ['l', false]].sort()) // prettier-ignore
    const open = await auth({ a: key('query', 'k') }, [{}, { a: [] }])
    assert.deepEqual(open.fields.map(({ required }) => required), [false]) // prettier-ignore
  })

  it('that cannot be done are named', async () => {
    const found = await auth({ a: { type: 'http', scheme: 'digest' }, m: { type: 'mutualTLS' } }, [{ a: [] }]) // prettier-ignore
    assert.equal(found.type, 'none')
    assert.match(found.notes.map(({ reason }) => reason).join(), /digest cannot be done.*mutualTLS are not known/s) // prettier-ignore
  })

  it('are found among the parameters where the document forgot them', async () => {
    const parameters = [{ in: 'header', name: 'Authorization', required: true, schema: { type: 'string' } }] // prettier-ignore
    const { config } = await importText(openapi({ '/a': { get: { parameters } } }))
    assert.deepEqual(config.auth.inject, { headers: { Authorization: '{{authorization}}' } })
  })
})
