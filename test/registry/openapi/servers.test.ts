import assert from 'node:assert/strict'
import { importText, openapi } from '../../support/openapi.ts'

const base = async (servers: unknown, location?: string) => {
  const document = openapi({ '/a': { get: {} } }, { servers })
  const { config } = await importText(document, { location: location ? new URL(location) : undefined }) // prettier-ignore
  return [config.api.baseURL, config.auth.fields.map(({ name }) => name).join()]
}

describe('the servers of an OpenAPI document', () => {
  const variable = (byDefault: string, more: object = {}) => ({ default: byDefault, ...more })
  const cases: readonly [string, object, string, string][] = [
    ['a slash at the end goes', { url: 'https://API.pets.dev/v1/' }, 'https://api.pets.dev/v1', ''],
    ['http becomes https', { url: 'http://api.pets.dev:80' }, 'https://api.pets.dev', ''],
    ['an enum has its default', { url: 'https://{r}.pets.dev', variables: { r: variable('eu', { enum: ['us', 'eu'] }) } }, 'https://eu.pets.dev', ''],
    ['a tenant is the user’s', { url: 'https://{tenant}.pets.dev/v1', variables: { tenant: variable('acme') } }, 'https://{tenant}.pets.dev/v1', 'tenant'],
    ['a version is a text', { url: 'https://api.pets.dev/{v}', variables: { v: variable('v2') } }, 'https://api.pets.dev/v2', ''],
    ['a whole host is the user’s origin', { url: '{scheme}://{host}/api', variables: { host: variable('') } }, '{base_url}/api', 'base_url'],
    ['a private address is no address', { url: 'https://10.0.0.1/v1' }, '{base_url}/v1', 'base_url'],
    ['metadata of a cloud', { url: 'http://169.254.169.254' }, '{base_url}', 'base_url'],
    ['a number that is an address', { url: 'https://2130706433/' }, '{base_url}', 'base_url'],
    ['localhost', { url: 'http://localhost:8080/api' }, '{base_url}/api', 'base_url'],
    ['a stand-in', { url: 'https://example.com/v1' }, '{base_url}/v1', 'base_url'],
    ['a relative one', { url: '/v1' }, '{base_url}/v1', 'base_url'],
    ['user information goes', { url: 'https://me:secret@api.pets.dev' }, 'https://api.pets.dev', ''],
    ['another protocol', { url: 'wss://api.pets.dev' }, '{base_url}', 'base_url'],
  ] // prettier-ignore
  for (const [what, server, url, fields] of cases)
    it(`make the base URL: ${what}`, async () => assert.deepEqual(await base([server]), [url, fields])) // prettier-ignore

  it('are relative to where the document came from', async () => {
    const from = 'https://docs.pets.dev/specs/pets.json'
    assert.deepEqual(await base([{ url: '../v1' }], from), ['https://docs.pets.dev/v1', ''])
    assert.deepEqual(await base(undefined, from), ['https://docs.pets.dev', ''])
  })

  it('are taken by use: the first one that others can reach', async () => {
    const servers = [{ url: 'http://localhost' }, { url: 'https://api.pets.dev' }]
    assert.deepEqual(await base(servers), ['https://api.pets.dev', ''])
  })

  it('of an operation go with its tool', async () => {
    const paths = { '/a': { get: { servers: [{ url: 'https://upload.pets.dev' }] } }, '/b': { get: {} } }
    const { config } = await importText(openapi(paths))
    assert.deepEqual(config.tools.map(({ baseURL }) => baseURL), ['https://upload.pets.dev', undefined])
  }) // prettier-ignore
})
