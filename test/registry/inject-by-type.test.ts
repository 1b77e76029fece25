import assert from 'node:assert/strict'
import type { Inject } from '../../src/model/service.ts'
import { complete } from '../../src/registry/complete.ts'
import { parseConfig } from '../../src/registry/parse.ts'

const completed = (auth: Record<string, unknown>, rest: Record<string, unknown> = {}) => {
  const { config } = parseConfig({ name: 'widgets', port: 41_000, auth, ...rest })
  assert.ok(config)
  return complete(config).service
}

const required = (name: string, type = 'password') => ({ name, type, required: true })
const bearer = (name: string): Inject => ({ headers: { Authorization: `Bearer {{${name}}}` } })

const CASES: readonly [title: string, auth: Record<string, unknown>, inject: Inject][] = [
  ['nothing for none', { type: 'none', fields: [required('api_key')] }, {}],
  [
    "the key for api_key, before the key's rivals",
    { type: 'api_key', fields: [required('token'), required('api_key')] },
    bearer('api_key'),
  ],
  [
    'the only secret field when no field has a usual name',
    { type: 'bearer', fields: [required('region', 'text'), required('personal_pass')] },
    bearer('personal_pass'),
  ],
  [
    'the access token for oauth2, not the client secret',
    { type: 'oauth2', fields: [required('client_secret'), required('access_token')] },
    bearer('access_token'),
  ],
  [
    'user and password for basic',
    { type: 'basic', fields: [required('email', 'email'), required('api_token')] },
    { basic: { username: '{{email}}', password: '{{api_token}}' } },
  ],
  [
    'two fields of unusual names for basic, in their order',
    { type: 'basic', fields: [required('site', 'text'), required('pin')] },
    { basic: { username: '{{site}}', password: '{{pin}}' } },
  ],
  [
    'an account and its token for basic',
    { type: 'basic', fields: [required('auth_token'), required('account_sid', 'text')] },
    { basic: { username: '{{account_sid}}', password: '{{auth_token}}' } },
  ],
  [
    'a key alone as the user for basic',
    { type: 'basic', fields: [required('api_key')] },
    { basic: { username: '{{api_key}}', password: '' } },
  ],
  [
    'the keys of an app as the consumer for oauth1',
    {
      type: 'oauth1',
      fields: ['api_key', 'api_secret', 'token', 'token_secret'].map((name) => required(name)),
    },
    {
      oauth1: {
        consumerKey: '{{api_key}}',
        consumerSecret: '{{api_secret}}',
        token: '{{token}}',
        tokenSecret: '{{token_secret}}',
      },
    },
  ],
  [
    'the four keys for oauth1',
    { type: 'oauth1', fields: [required('token'), required('token_secret')] },
    {
      oauth1: {
        consumerKey: '{{consumer_key}}',
        consumerSecret: '{{consumer_secret}}',
        token: '{{token}}',
        tokenSecret: '{{token_secret}}',
      },
    },
  ],
  [
    'what the config says, over the type',
    { type: 'bearer', fields: [required('api_key')], inject: { query: { key: '{{api_key}}' } } },
    { query: { key: '{{api_key}}' } },
  ],
]

describe('a service without inject', () => {
  for (const [title, auth, inject] of CASES)
    it(`injects ${title}`, () => {
      assert.deepEqual(completed(auth).auth.inject, inject)
    })

  it('asks for the fields that its type needs, when it declares none', () => {
    const asked = (type: string) => completed({ type }).auth.fields.map(({ name }) => name)
    assert.deepEqual(asked('api_key'), ['api_key'])
    assert.deepEqual(asked('oauth2'), ['access_token'])
    assert.deepEqual(asked('basic'), ['username', 'password'])
    assert.deepEqual(asked('oauth1'), [
      'consumer_key',
      'consumer_secret',
      'access_token',
      'access_token_secret',
    ])
    assert.deepEqual(asked('none'), [])
  })
})

describe('a service that does not say its auth type', () => {
  const typeOf = (...fields: ReturnType<typeof required>[]) => completed({ fields }).auth.type

  it('needs no key without a secret field', () => {
    assert.equal(typeOf(), 'none')
    assert.equal(typeOf(required('region', 'text')), 'none')
  })

  it('is taken for what its fields must mean', () => {
    assert.equal(typeOf(required('region', 'text'), required('secret')), 'api_key')
    assert.equal(typeOf(required('client_secret'), required('api_key')), 'api_key')
    assert.equal(typeOf(required('email', 'email'), required('password')), 'basic')
    assert.equal(typeOf(...['consumer_key', 'consumer_secret', 'token', 'token_secret'].map((name) => required(name))), 'oauth1') // prettier-ignore
    assert.equal(completed({ inject: { query: { key: '{{pin}}' } } }).auth.type, 'api_key')
  })

  it('sends no secret where nothing says which goes where', () => {
    const { auth } = completed({ fields: [required('pin'), required('puk')] })
    assert.deepEqual([auth.type, auth.inject], ['unknown', {}])
  })
})

describe('the status of a service', () => {
  const tools = [{ name: 'list', method: 'GET', endpoint: '/list' }]

  it('is planned without tools and absent with tools', () => {
    assert.equal(completed({}).status, 'planned')
    assert.equal(completed({}, { tools }).status, undefined)
  })

  it('stays what the config says', () => {
    assert.equal(completed({}, { tools, status: 'unverified' }).status, 'unverified')
  })
})
