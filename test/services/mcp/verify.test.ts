import assert from 'node:assert/strict'
import type { Service } from '../../../src/model/service.ts'
import type { UpstreamAnswer } from '../../../src/services/mcp/exchange.ts'
import { verifyKey } from '../../../src/services/mcp/verify.ts'
import type { OutgoingRequest } from '../../../src/services/mcp/outgoing-request.ts'
import { makeService } from '../../support/services.ts'

type Recipe = NonNullable<Service['auth']['verify']>
type Answer = { status?: number; headers?: Record<string, string>; body?: unknown }

const KEY = { api_key: 'key-of-anna' }

/** Verifies a key against an API that gives one answer. */
const verify = async (
  recipe: Partial<Recipe>,
  answer: Answer | Error,
  over: Partial<Service> = {},
) => {
  const sent: OutgoingRequest[] = []
  const { auth } = makeService()
  const service = makeService({
    auth: { ...auth, verify: { method: 'GET', endpoint: '/me', expect: 200, ...recipe } },
    ...over,
  })
  const upstream = {
    send: (_service: Service, request: OutgoingRequest): Promise<UpstreamAnswer> => {
      sent.push(request)
      if (answer instanceof Error) return Promise.reject(answer)
      const { status = 200, headers = {}, body = {} } = answer
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return Promise.resolve({ status, headers, body: Buffer.from(text), truncated: false })
    },
    close: () => Promise.resolve(),
  }
  return { ...(await verifyKey({ service, credentials: KEY, upstream })), sent }
}
const outcome = async (recipe: Partial<Recipe>, answer: Answer | Error) =>
  (await verify(recipe, answer)).outcome

describe('verifying a key', () => {
  it('calls what the recipe names, built like a tool’s request', async () => {
    const { sent } = await verify({ endpoint: '/me?fields=id' }, {})
    assert.equal(sent.length, 1)
    assert.equal(sent[0]?.url.href, 'https://api.widgets.test/v1/me?fields=id')
    assert.equal(sent[0].method, 'GET')
    assert.equal(sent[0].headers['x-api-key'], 'key-of-anna')
    assert.equal(sent[0].body, undefined)
  })

  it('puts fields into the endpoint and the body, and nothing else of the key', async () => {
    const recipe = {
      method: 'POST',
      endpoint: '/keys/{api_key}',
      body: { key: '{{api_key}}' },
    } as const
    const { sent } = await verify(recipe, {})
    assert.equal(sent[0]?.url.href, 'https://api.widgets.test/v1/keys/key-of-anna')
    assert.equal(sent[0].body?.toString(), '{"key":"key-of-anna"}')
    const bare = await verify({ method: 'POST' }, {})
    assert.equal(bare.sent[0]?.body, undefined)
  })

  it('says valid for the expected status, whatever it is', async () => {
    assert.equal(await outcome({}, { body: 'text' }), 'valid')
    assert.equal(await outcome({ expect: 400 }, { status: 400 }), 'valid')
    assert.equal(await outcome({ expect: 400 }, { status: 401 }), 'invalid')
  })

  it('names the account by its path, also through lists and as a number', async () => {
    const account = async (path: string, body: unknown) =>
      (await verify({ account: path }, { body })).account
    assert.equal(await account('login', { login: 'anna' }), 'anna')
    assert.equal(
      await account('data.0.owner.email', { data: [{ owner: { email: 'a@b.c' } }] }),
      'a@b.c',
    )
    assert.equal(await account('id', { id: 7 }), '7')
    assert.equal((await account('login', { login: 'a'.repeat(5000) }))?.length, 200)
  })

  it('says invalid when the body says no, or names nobody: some APIs answer 200 to every key', async () => {
    for (const body of [
      { ok: false, error: 'invalid_auth' },
      { success: false, user: 'anna' },
      { errors: [{ message: 'no' }] },
      { error: { code: 1 } },
      { user: null },
      { user: '' },
    ])
      assert.equal(await outcome({ account: 'user' }, { body }), 'invalid', JSON.stringify(body))
    for (const body of [{ ok: false }, { success: false }, { errors: ['no'] }, { error: 'no' }])
      assert.equal(await outcome({}, { body }), 'invalid', JSON.stringify(body))
  })

  it('says valid without a name when the answer holds none, and cannot say when it is no JSON', async () => {
    for (const body of [{}, { user: {} }, [], { errors: [] }, { ok: true }]) {
      const { outcome: word, account } = await verify({ account: 'user' }, { body })
      assert.deepEqual([word, account], ['valid', undefined], JSON.stringify(body))
    }
    assert.equal((await verify({ account: 'constructor.name' }, { body: {} })).account, undefined)
    for (const body of ['no', ''])
      assert.equal(await outcome({ account: 'user' }, { body }), 'unverifiable', body)
  })

  it('says invalid when the API refuses', async () => {
    for (const status of [400, 401, 403, 422])
      assert.equal(await outcome({}, { status }), 'invalid', String(status))
  })

  it('takes 404 for a refusal where the user gave a part of the address, else for an old recipe', async () => {
    assert.equal(await outcome({}, { status: 404 }), 'unverifiable')
    assert.equal(await outcome({ endpoint: '/of/{api_key}' }, { status: 404 }), 'invalid')
  })

  it('says unreachable for whatever is not about the key', async () => {
    for (const status of [408, 425, 429, 500, 502, 503, 504, 529])
      assert.equal(
        await outcome({}, { status, body: { user: 'x' } }),
        'unreachable',
        String(status),
      )
    assert.equal(await outcome({}, new TypeError('fetch failed')), 'unreachable')
    assert.equal(await outcome({}, { status: 403, headers: { 'retry-after': '9' } }), 'unreachable')
    assert.equal(
      await outcome({}, { status: 403, headers: { 'x-ratelimit-remaining': '0' } }),
      'unreachable',
    )
    const page = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>Sign in' }
    assert.equal(await outcome({}, page), 'unreachable')
  })

  it('says unverifiable when the recipe does not fit, or there is none', async () => {
    for (const status of [204, 302, 402, 405, 410, 415])
      assert.equal(await outcome({}, { status }), 'unverifiable', String(status))
    assert.equal((await verify({}, {}, { auth: makeService().auth })).outcome, 'unverifiable')
  })

  it('says invalid for a field that does not fit the address, and calls nobody', async () => {
    const api = { baseURL: 'https://{api_key}.widgets.test', version: '', documentation: '' }
    const upstream = {
      send: () => Promise.reject(new TypeError('nobody is called')),
      close: () => Promise.resolve(),
    }
    const { auth } = makeService()
    const service = makeService({
      api,
      auth: { ...auth, verify: { method: 'GET', endpoint: '/', expect: 200 } },
    })
    const result = await verifyKey({
      service,
      credentials: { api_key: 'evil.example/#' },
      upstream,
    })
    assert.equal(result.outcome, 'invalid')
  })
})
