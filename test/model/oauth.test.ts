import assert from 'node:assert/strict'
import { join } from 'node:path'
import { offersSignIn, readSignInFields, timesOf, tokenField } from '../../src/model/oauth.ts'
import { resolveUrl } from '../../src/model/resolve-url.ts'
import { loadRegistry } from '../../src/registry/load.ts'
import { makeService } from '../support/services.ts'

const { services } = loadRegistry(join(import.meta.dirname, '../../registry'))
const signIns = services.filter(offersSignIn)

describe('signing in, over the shipped registry', () => {
  it('is offered by every service whose config names where', () => {
    const named = services.filter(({ auth }) => auth.oauth?.authorizationUrl !== undefined)
    assert.ok(named.length >= 112)
    assert.deepEqual(signIns, named)
  })

  it('has a field that its token goes into, and addresses that the user’s fields complete', () => {
    for (const service of signIns) {
      const token = tokenField(service)
      const field = service.auth.fields.find(({ name }) => name === token)
      assert.equal(field?.type, 'password', service.name)
      const origins = new Set(['base_url'])
      const fields = Object.fromEntries(
        service.auth.fields.map(({ name }) => [name, origins.has(name) ? 'https://acme.test' : 'acme']), // prettier-ignore
      )
      const { authorizationUrl, tokenUrl } = service.auth.oauth
      for (const url of [authorizationUrl, tokenUrl]) {
        const { protocol, href } = resolveUrl(service, url, fields)
        assert.equal(protocol, 'https:', service.name)
        assert.doesNotMatch(href, /[{}]|%7B/, service.name)
      }
    }
  })
})

describe('what a user enters besides signing in', () => {
  const twitch = makeService({
    auth: {
      type: 'oauth2',
      fields: [
        { name: 'client_id', type: 'text', required: true, description: '' },
        { name: 'client_secret', type: 'password', required: false, description: '' },
        { name: 'access_token', type: 'password', required: true, description: '' },
        { name: 'region', type: 'text', required: true, description: '' },
      ],
      inject: {
        headers: { Authorization: 'Bearer {{access_token}}', 'Client-Id': '{{client_id}}' },
      },
    },
  })
  const operator = { id: 'of the operator', secret: 's' }

  it('is what the service wants, without the token and the client', () => {
    const fields = readSignInFields(twitch, { credentials: { region: 'eu' } }, operator)
    assert.deepEqual(fields, { region: 'eu', client_id: 'of the operator' })
    const invalid = { code: 'credentials_invalid' }
    assert.throws(() => readSignInFields(twitch, {}, operator), invalid)
    const token = { credentials: { region: 'eu', access_token: 'x' } }
    assert.throws(() => readSignInFields(twitch, token, operator), invalid)
  })

  it('may be a client of their own', () => {
    const own = { region: 'eu', client_id: 'mine', client_secret: 'hush' }
    assert.deepEqual(readSignInFields(twitch, { credentials: own }, operator), own)
  })
})

describe('the end of an access token', () => {
  const now = new Date(0)
  const times = (expiresInSeconds?: number, refreshToken?: string) => {
    const { accessExpiresAt, refreshAt } = timesOf({ accessToken: 'a', refreshToken, expiresInSeconds }, now) // prettier-ignore
    return [accessExpiresAt?.getTime() ?? null, refreshAt?.getTime() ?? null]
  }

  it('is met in the last quarter of its life, ten minutes ahead at most', () => {
    assert.deepEqual(times(100, 'r'), [100_000, 75_000])
    assert.deepEqual(times(86_400, 'r'), [86_400_000, 86_400_000 - 600_000])
  })

  it('is nowhere when nobody says when, and not met without a refresh token', () => {
    for (const seconds of [undefined, 0, -1]) assert.deepEqual(times(seconds, 'r'), [null, null])
    assert.deepEqual(times(100), [100_000, null])
    assert.ok(Number.isFinite(times(1e300, 'r')[0]))
  })
})
