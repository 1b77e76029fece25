import assert from 'node:assert/strict'
import { readLegacyCredentials } from '../../src/migration/read-credentials.ts'
import type { CredentialField, Service } from '../../src/model/service.ts'

const field = (name: string, type: CredentialField['type'], required = true): CredentialField => ({ name, type, required, description: '' }) // prettier-ignore
const serviceOf = (...fields: CredentialField[]): Service => ({
  name: 's', displayName: 'S', description: '', category: '', port: 50_000,
  api: { baseURL: 'https://s.invalid', version: '', documentation: '' },
  auth: { type: 'api_key', fields, inject: {} }, tools: [],
}) // prettier-ignore

const ONE = serviceOf(field('token', 'password'), field('team', 'text', false))
const TWO = serviceOf(field('id', 'password'), field('secret', 'password'))
const OWN = serviceOf(field('api_key', 'password'), field('subdomain', 'text'))

const read = (plaintext: string, service = ONE) => readLegacyCredentials(plaintext, service)
const whole = (credentials: object) => ({ credentials, isIncomplete: false })
const lacking = (credentials: object) => ({ credentials, isIncomplete: true })

describe('credentials of the older model', () => {
  it('fill the only required secret field from a bare key, {apiKey} or a lone {api_key}', () => {
    for (const given of ['abc', '"abc"', '{"apiKey":"abc"}', '{"api_key":"abc"}'])
      assert.deepEqual(read(given), whole({ token: 'abc' }))
    assert.deepEqual(read('{"apiKey":"abc","team":"blue"}'), whole({ token: 'abc', team: 'blue' }))
    assert.deepEqual(read('12345'), whole({ token: '12345' }))
  })

  it('stay as they are where they name a field, or no field could be meant', () => {
    assert.deepEqual(read('{"token":"abc","other":1}'), whole({ token: 'abc', other: '1' }))
    assert.deepEqual(read('{"api_key":"abc","team":"blue"}'), lacking({ api_key: 'abc', team: 'blue' })) // prettier-ignore
    assert.deepEqual(read('{"api_key":"abc"}', OWN), lacking({ api_key: 'abc' }))
    assert.deepEqual(read('abc', TWO), lacking({ apiKey: 'abc' }))
    assert.deepEqual(read('{"id":"a","secret":"b"}', TWO), whole({ id: 'a', secret: 'b' }))
  })

  it('are none when they are empty, and undecodable when they are a list', () => {
    for (const given of [
      '',
      '  ',
      '""',
      'null',
      '{}',
      '{"token":""}',
      '{"token":"  "}',
      '{"token":null}',
    ])
      assert.equal(read(given), 'no_credentials')
    assert.equal(read('["abc"]'), 'undecodable')
  })

  it('keep every digit of a number', () => {
    const digits = '90071992547409931234'
    assert.deepEqual(read(digits), whole({ token: digits }))
    assert.deepEqual(read(`{"token": ${digits}, "team": 1.10}`), whole({ token: digits, team: '1.10' })) // prettier-ignore
    assert.deepEqual(read('{"token":"a\\"1.10","size":7}'), whole({ token: 'a"1.10', size: '7' }))
  })

  it('are no bare key when they are JSON that was cut, nor for a byte order mark', () => {
    assert.equal(read('{"token":"ab'), 'undecodable')
    assert.equal(read("{'token': 'abc'}"), 'undecodable')
    assert.deepEqual(read('\ufeff{"token":"abc"}'), whole({ token: 'abc' }))
    assert.deepEqual(read('{3f2504e0-4f89}'), whole({ token: '{3f2504e0-4f89}' }))
  })
})
