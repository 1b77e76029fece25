import assert from 'node:assert/strict'
import { redact, redactText } from '../../src/base/redact.ts'

const HANDLE = 'fig_user_1a2b3c4d_9f2c1e'

describe('redactText', () => {
  for (const [title, text, expected] of [
    ['an instance secret in a URL', `POST http://a.test/${HANDLE}_k3TzP0qY/figma/mcp`, `POST http://a.test/${HANDLE}_[secret]/figma/mcp`], // prettier-ignore
    ['every instance secret', `${HANDLE}_aaa, ${HANDLE}_bbb`, `${HANDLE}_[secret], ${HANDLE}_[secret]`], // prettier-ignore
    ['a token', 'token brt_9aZ in use', 'token brt_[secret] in use'],
    ['an admin token, whole', 'brt_admin_x-Y_z9.', 'brt_[secret].'],
    ['a bearer header', 'authorization: bearer abc.d-e_f==', 'authorization: bearer [secret]'],
    ['a basic header', 'Basic dTpw', 'Basic [secret]'],
    ['a password in a URL', 'postgres://u:geheim@db.test/x', 'postgres://u:[secret]@db.test/x'],
    ['a password with an @', 'postgres://u:ge@heim@db.test/x', 'postgres://u:[secret]@db.test/x'],
    ['a password without a user', 'redis://:geheim@db.test', 'redis://:[secret]@db.test'],
    ['a key in a query', 'GET https://a.test/v1?api_key=geheim&q=1', 'GET https://a.test/v1?api_key=[secret]&q=1'], // prettier-ignore
    ['a key called key', 'https://a.test/v1?q=1&KEY=geheim', 'https://a.test/v1?q=1&KEY=[secret]'],
  ] as const)
    it(`takes out ${title}`, () => {
      assert.equal(redactText(text), expected)
    })

  for (const text of [
    `GET /${HANDLE}/figma/mcp`,
    'http://127.0.0.1:3000/ready?monkeys=3',
    'mail to a@b.test at 10:30',
    'https://a.test:8080/x/@you',
  ])
    it(`leaves ${text}`, () => {
      assert.equal(redactText(text), text)
    })
})

describe('redact', () => {
  it('takes out the values of keys that name secrets, at every depth', () => {
    const value = {
      Authorization: 'x',
      'proxy-authorization': 'x',
      cookie: 'x',
      'Set-Cookie': ['x'],
      apiKey: 'x',
      'x-api-key': 'x',
      'X-Figma-Token': 'x',
      accessToken: 'x',
      refresh_token: 'x',
      client_secret: 'x',
      clientSecret: 'x',
      masterKey: Buffer.from('x'),
      db_password: 'x',
      instanceUrl: 'x',
      'x-berth-credentials': 'x',
    }
    const expected = Object.fromEntries(Object.keys(value).map((key) => [key, '[secret]']))
    assert.deepEqual(redact(value), expected)
    assert.deepEqual(redact({ a: [{ b: value }] }), { a: [{ b: expected }] })
    assert.deepEqual(redact({ credentials: { anything: 'x' } }), { credentials: '[secret]' })
  })

  it('leaves what is no secret', () => {
    const value = { service: 'figma', port: 49_280, tokens: 3, keys: ['kid1'], keyId: 'k', ok: true, none: null, absent: undefined } // prettier-ignore
    assert.deepEqual(redact(value), value)
  })

  it('takes secrets out of texts wherever they stand', () => {
    assert.deepEqual(redact(['brt_abc', { url: `/${HANDLE}_abc/figma` }]), ['brt_[secret]', { url: `/${HANDLE}_[secret]/figma` }]) // prettier-ignore
  })

  it('makes an error plain, with its cause, and takes secrets out of all of it', () => {
    const cause = Object.assign(new Error('connect postgres://u:geheim@h/x'), { code: 'ECONNREFUSED' }) // prettier-ignore
    const error = new Error('Bearer geheim was refused', { cause })
    const plain = redact({ error }) as {
      error: { message: string; cause: { code: string; message: string } }
    }
    assert.equal(plain.error.message, 'Bearer [secret] was refused')
    assert.equal(plain.error.cause.code, 'ECONNREFUSED')
    assert.equal(plain.error.cause.message, 'connect postgres://u:[secret]@h/x')
    assert.match(JSON.stringify(plain), /redact\.test/, 'the stack stays')
    assert.doesNotMatch(JSON.stringify(plain), /geheim/)
  })

  it('ends at a bound in a structure that contains itself', () => {
    const value: Record<string, unknown> = { name: 'x' }
    value['self'] = value
    assert.match(JSON.stringify(redact(value)), /\[deep\]/)
  })

  it('does not change what it was given', () => {
    const value = { token: 'x', list: ['brt_abc'] }
    redact(value)
    assert.deepEqual(value, { token: 'x', list: ['brt_abc'] })
  })
})
