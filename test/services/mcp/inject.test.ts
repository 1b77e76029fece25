import assert from 'node:assert/strict'
import type { Credentials } from '../../../src/model/host-credentials.ts'
import type { Inject } from '../../../src/model/service.ts'
import { requestOf } from '../../support/tools.ts'

const auth = (inject: Inject) => ({ auth: { type: 'api_key', fields: [], inject } as const })

const injected = (inject: Inject, credentials: Credentials) =>
  requestOf({}, { service: auth(inject), credentials })

describe('the injection of credentials', () => {
  it('fills headers, under lower-case names', () => {
    const headers = {
      Authorization: 'Bearer {{token}}',
      'X-Pair': '{{ id }}:{{token}}',
      'X-V': '2',
    }
    const request = injected({ headers }, { token: 't0', id: 'i0' })
    assert.equal(request.headers['authorization'], 'Bearer t0')
    assert.equal(request.headers['x-pair'], 'i0:t0')
    assert.equal(request.headers['x-v'], '2')
  })

  it('fills the query, encoded', () => {
    const query = { key: '{{api_key}}', json: 'y' }
    const { url } = injected({ query }, { api_key: 'a&b=c#d ' })
    assert.equal(url.search, '?key=a%26b%3Dc%23d%20&json=y')
  })

  it('fills basic, in UTF-8', () => {
    const basic = { username: '{{user}}', password: '{{pass}}' }
    const { headers } = injected({ basic }, { user: 'anna', pass: 'pä:ss' })
    const [scheme, blob = ''] = headers['authorization']?.split(' ') ?? []
    assert.equal(scheme, 'Basic')
    assert.equal(Buffer.from(blob, 'base64').toString('utf8'), 'anna:pä:ss')
  })

  it('allows a constant or empty half of basic', () => {
    const basic = { username: '{{api_key}}', password: '' }
    const { headers } = injected({ basic }, { api_key: 'key' })
    assert.equal(headers['authorization'], `Basic ${btoa('key:')}`)
  })

  it('leaves basic out when none of its fields is there', () => {
    const basic = { username: '{{user}}', password: '{{pass}}' }
    assert.ok(!('authorization' in injected({ basic }, { token: 't' }).headers))
    assert.ok('authorization' in injected({ basic }, { user: 'anna' }).headers)
  })

  it('joins a cookie with those of the parameters', () => {
    const { headers } = requestOf(
      { parameters: { lang: { in: 'cookie' } } },
      {
        args: { lang: 'de' },
        service: auth({ headers: { Cookie: 'session={{session}}' } }),
        credentials: { session: 's1' },
      },
    )
    assert.equal(headers['cookie'], 'lang=de; session=s1')
  })

  it('trims white space around a pasted key, and names what no header can carry', () => {
    const headers = { 'X-Key': '{{key}}' }
    assert.equal(injected({ headers }, { key: ' k1\n' }).headers['x-key'], 'k1')
    for (const key of ['k\nx: y', 'k\u2028x', 'schlüssel\u0000'])
      assert.throws(() => injected({ headers }, { key }), {
        code: 'credentials_invalid',
        message: /^key of Widgets has a line break/,
      })
  })

  it('names the field that cannot be part of it, of several and of basic too', () => {
    const headers = { 'X-Pair': 'a {{ id }} {{token}}' }
    assert.equal(injected({ headers }, { id: 'i\n', token: ' t ' }).headers['x-pair'], 'a i t')
    assert.throws(() => injected({ headers }, { id: 'i', token: 'sec\r\nret: 1' }), {
      code: 'credentials_invalid',
      message: /^token of Widgets has a line break((?!sec|ret: 1).)*$/,
    })
    const basic = { username: '{{user}}', password: '{{pass}}' }
    assert.throws(() => injected({ basic }, { user: 'anna', pass: 'p\nq' }), {
      code: 'credentials_invalid',
      message: /^pass of Widgets has a line break/,
    })
  })

  it('signs with OAuth 1.0a, the injected query included', () => {
    const oauth1 = {
      consumerKey: '{{ck}}',
      consumerSecret: '{{cs}}',
      token: '{{t}}',
      tokenSecret: '{{ts}}',
    }
    const credentials = { ck: 'CK', cs: 'CS-secret', t: 'T', ts: 'TS-secret' }
    const { headers } = injected({ oauth1, query: { v: '1' } }, credentials)
    const authorization = headers['authorization'] ?? ''
    assert.match(authorization, /^OAuth oauth_consumer_key="CK", /)
    assert.match(authorization, /oauth_token="T"/)
    assert.match(authorization, /oauth_signature="[^"]+"$/)
    assert.doesNotMatch(authorization, /secret/)
  })

  it('leaves out what needs an optional field that is absent', () => {
    const inject = {
      headers: { 'X-Key': '{{api_key}}', 'X-Team': 'team {{team}}' },
      query: { team: '{{team}}', key: '{{api_key}}' },
    }
    const request = injected(inject, { api_key: 'k' })
    assert.equal(request.headers['x-key'], 'k')
    assert.ok(!('x-team' in request.headers))
    assert.equal(request.url.search, '?key=k')
  })

  it('does not read a field’s value as a template', () => {
    const headers = { 'X-Key': '{{a}}' }
    assert.equal(injected({ headers }, { a: '{{b}}', b: 'B' }).headers['x-key'], '{{b}}')
  })
})

describe('a parameter in the place of a credential', () => {
  const tool = {
    parameters: { 'x-api-key': { in: 'header' }, KEY: { in: 'query' }, key: { in: 'query' } },
    headers: { AUTHORIZATION: 'constant' },
  } as const
  const args = { 'x-api-key': 'theirs', KEY: 'other', key: 'theirs' }
  const request = requestOf(tool, {
    service: auth({
      headers: { 'X-Api-Key': '{{api_key}}', Authorization: 'Bearer {{api_key}}' },
      query: { key: '{{api_key}}' },
    }),
    args,
    credentials: { api_key: 'ours' },
  })

  it('loses to the credential in a header, in whatever case', () => {
    assert.equal(request.headers['x-api-key'], 'ours')
    assert.equal(request.headers['authorization'], 'Bearer ours')
    assert.ok(!('AUTHORIZATION' in request.headers))
  })

  it('loses to the credential in the query', () => {
    assert.deepEqual(request.url.searchParams.getAll('key'), ['ours'])
    assert.deepEqual(request.url.searchParams.getAll('KEY'), ['other'])
  })
})
