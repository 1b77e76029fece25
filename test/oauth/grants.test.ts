import assert from 'node:assert/strict'
import { silentLog } from '../../src/base/log.ts'
import type { OAuth, Service } from '../../src/model/service.ts'
import { createGrants } from '../../src/oauth/grants.ts'
import { createWayOut } from '../../src/oauth/way-out.ts'
import { startRecorder, type RecordedAnswer } from '../support/recorder.ts'
import { makeService } from '../support/services.ts'

type SignedInService = Service & { auth: { oauth: OAuth } }

const serviceWith = (oauth: Partial<OAuth>): SignedInService => {
  const service = makeService()
  const tokenUrl = 'https://login.widgets.test/token'
  return { ...service, auth: { ...service.auth, oauth: { tokenUrl, scopes: [], ...oauth } } }
}
const client = { id: 'an id', secret: 'a+secret' }
const no = { https: '', none: '' }

describe('a token endpoint', () => {
  let answer: RecordedAnswer = {}
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  before(async () => {
    recorder = await startRecorder(() => answer)
  })
  after(() => recorder.stop())

  const refreshWith = async (oauth: Partial<OAuth>, given: RecordedAnswer) => {
    answer = given
    const wayOut = createWayOut({ sandboxUrl: recorder.url, allowPrivate: false, proxy: no })
    const grants = createGrants({ wayOut, redirectUri: 'https://berth.test/cb', log: silentLog })
    const granted = await grants.refresh({ service: serviceWith(oauth), fields: {}, client }, 'old')
    await wayOut.close()
    return granted
  }
  const TOKENS = {
    access_token: 'new',
    refresh_token: 'next',
    token_type: 'Bearer',
    expires_in: 60,
  }
  const tokens = (accessToken: string, more = {}) => ({
    kind: 'tokens',
    tokens: { accessToken, refreshToken: undefined, expiresInSeconds: undefined, ...more },
  })

  it('learns who asks in the body, or by Basic', async () => {
    await refreshWith({}, { body: JSON.stringify(TOKENS) })
    const post = recorder.requests.at(-1)
    assert.equal(post?.url, '/widgets/token')
    assert.equal(post.headers.authorization, undefined)
    assert.deepEqual(Object.fromEntries(new URLSearchParams(post.body)), {
      grant_type: 'refresh_token',
      refresh_token: 'old',
      client_id: 'an id',
      client_secret: 'a+secret',
    })
    await refreshWith({ clientAuthentication: 'basic' }, { body: JSON.stringify(TOKENS) })
    const basic = recorder.requests.at(-1)
    // Each of the two is form-encoded first (RFC 6749 §2.3.1).
    const pair = Buffer.from('an+id:a%2Bsecret').toString('base64')
    assert.equal(basic?.headers.authorization, `Basic ${pair}`)
    assert.equal(new URLSearchParams(basic.body).get('client_secret'), null)
  })

  for (const [what, given, expected] of [
    ['as the standard says', TOKENS, tokens('new', { refreshToken: 'next', expiresInSeconds: 60 })],
    ['with a type of its own', { ok: true, access_token: 'b', token_type: 'bot' }, tokens('b')],
    ['with a type that is none', { access_token: 's', scope: 'a,b' }, tokens('s')],
    [
      'with null, a number as text and a list',
      { ...TOKENS, refresh_token: null, expires_in: '60', scope: ['a'] },
      tokens('new', { expiresInSeconds: 60 }),
    ],
    [
      'with an id_token that is not looked at',
      { access_token: 'i', id_token: 'not a jwt' },
      tokens('i'),
    ],
    ['as a form', 'access_token=f&token_type=bearer', tokens('f')],
  ] as const)
    // prettier-ignore
    it(`may answer ${what}`, async () => {
      const body = typeof given === 'string' ? given : JSON.stringify(given)
      assert.deepEqual(await refreshWith({}, { body }), expected)
    })

  for (const [what, given, kind] of [
    ['that the grant has ended', { status: 400, body: '{"error":"invalid_grant"}' }, 'ended'],
    ['so under status 200', { body: '{"error":"bad_refresh_token"}' }, 'ended'],
    [
      'that the client is wrong',
      { status: 401, headers: { 'www-authenticate': 'Basic' }, body: '{"error":"invalid_client"}' },
      'refused',
    ],
    [
      'so as HubSpot does',
      { status: 400, body: '{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown"}' },
      'ended',
    ],
    [
      'so as Fitbit does',
      {
        status: 400,
        body: '{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid: old"}],"success":false}',
      },
      'ended',
    ],
    ['no in a list', { status: 400, body: '{"errors":["old"]}' }, 'refused'],
    ['no in its own way', { body: '{"ok":false,"error":"invalid_code"}' }, 'refused'],
    [
      'that it is busy',
      { status: 400, body: '{"error":"temporarily_unavailable"}' },
      'unavailable',
    ],
    ['nothing, with 500', { status: 500, body: '{"error":"invalid_grant"}' }, 'unavailable'],
    ['nothing, with a page', { status: 502, body: '<html>' }, 'unavailable'],
    ['nothing, with 429', { status: 429, body: '{"error":"invalid_request"}' }, 'unavailable'],
    [
      'that it is elsewhere',
      { status: 302, headers: { location: 'https://evil.test/' } },
      'unavailable',
    ],
    ['too much', { body: `{"access_token":"${'x'.repeat(300_000)}"}` }, 'unavailable'],
  ] as const)
    // prettier-ignore
    it(`may say ${what}`, async () => {
      const before = recorder.requests.length
      const granted = await refreshWith({}, given)
      assert.equal(granted.kind, kind)
      assert.doesNotMatch(JSON.stringify(granted), /old|secret/)
      assert.equal(recorder.requests.length, before + 1)
    })

  it('hears of PKCE, unless its provider refuses that of a client with a secret', async () => {
    answer = { body: JSON.stringify(TOKENS) }
    const wayOut = createWayOut({ sandboxUrl: recorder.url, allowPrivate: false, proxy: no })
    const grants = createGrants({ wayOut, redirectUri: 'https://berth.test/cb', log: silentLog })
    const verifiers = []
    for (const [oauth, who] of [
      [{}, client],
      [{ pkce: false }, client],
      [{ pkce: false }, { id: 'public' }],
    ] as const) {
      const asking = { service: serviceWith(oauth), fields: {}, client: who }
      const parameters = new URLSearchParams({ code: 'c', state: 's' })
      const granted = await grants.exchange(asking, { parameters, state: 's', verifier: 'v' })
      assert.equal(granted.kind, 'tokens')
      verifiers.push(new URLSearchParams(recorder.requests.at(-1)?.body).get('code_verifier'))
    }
    await wayOut.close()
    assert.deepEqual(verifiers, ['v', null, 'v'])
  })

  it('at a private address that a user entered is not asked', async () => {
    const wayOut = createWayOut({ sandboxUrl: undefined, allowPrivate: false, proxy: no })
    const grants = createGrants({ wayOut, redirectUri: 'https://berth.test/cb', log: silentLog })
    const service = serviceWith({ tokenUrl: '{base_url}/token' })
    const fields = { base_url: 'https://127.0.0.1' }
    const granted = await grants.refresh({ service, fields, client }, 'old')
    assert.equal(granted.kind, 'unavailable')
    assert.match(granted.reason, /is a private address/)
    await wayOut.close()
  })
})
