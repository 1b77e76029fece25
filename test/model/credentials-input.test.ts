import assert from 'node:assert/strict'
import { readCredentials } from '../../src/model/credentials-input.ts'
import type { CredentialField } from '../../src/model/service.ts'
import { makeService } from '../support/services.ts'

const field = (
  name: string,
  type: CredentialField['type'] = 'password',
  required = true,
): CredentialField => ({ name, type, required, description: '' })

const serviceWith = (...fields: CredentialField[]) =>
  makeService({ auth: { type: 'api_key', fields, inject: {} } })

const oneKey = serviceWith(field('api_key'), field('region', 'text', false))

describe('readCredentials', () => {
  it('takes the declared fields', () => {
    const credentials = { api_key: 'k', region: 'eu' }
    assert.deepEqual(readCredentials(oneKey, { credentials }), credentials)
  })

  it('fills the only required secret field with apiKey, whatever else is there', () => {
    const service = serviceWith(
      field('site', 'url'),
      field('personal_token'),
      field('webhook_secret', 'password', false),
    )
    assert.deepEqual(
      readCredentials(service, { apiKey: 'k', credentials: { site: 'https://a.test' } }),
      { site: 'https://a.test', personal_token: 'k' },
    )
  })

  it('names the fields when apiKey could be one of several', () => {
    const service = serviceWith(field('api_key'), field('app_key'), field('note', 'text', false))
    assert.throws(() => readCredentials(service, { apiKey: 'k' }), {
      code: 'credentials_ambiguous',
      status: 422,
      message: /api_key, app_key, note \(optional\)/,
    })
  })

  it('refuses apiKey where no field is secret', () => {
    for (const service of [serviceWith(), serviceWith(field('region', 'text'))])
      assert.throws(() => readCredentials(service, { apiKey: 'k' }), {
        code: 'credentials_ambiguous',
      })
  })

  it('says everything that is wrong at once, and never a value', () => {
    const service = serviceWith(field('api_key'), field('site', 'url'), field('token'))
    const credentials = { api_key: 'geheim\u0000', extra: 'geheim', token: 'geheim'.repeat(2000) }
    assert.throws(
      () => readCredentials(service, { credentials }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'credentials_invalid')
        for (const said of [
          'site is missing',
          'extra is not a field of widgets',
          'api_key has control characters',
          'token is longer than 6000 characters',
          'Its fields: api_key, site, token',
        ])
          assert.ok(error.message.includes(said), `${said} in: ${error.message}`)
        assert.ok(!error.message.includes('geheim'))
        return true
      },
    )
  })

  it('takes an empty value for a missing one', () => {
    assert.throws(() => readCredentials(oneKey, { credentials: { api_key: '' } }), /api_key is missing/) // prettier-ignore
    assert.throws(() => readCredentials(oneKey, { apiKey: '' }), /api_key is missing/)
    assert.deepEqual(readCredentials(oneKey, { apiKey: 'k', credentials: { region: '' } }), { api_key: 'k' }) // prettier-ignore
  })

  it('refuses a line break in a one-line field, which could begin another header', () => {
    for (const end of ['\n', '\r\nX-Admin: 1', '\t', '\u007f'])
      assert.throws(() => readCredentials(oneKey, { apiKey: `k${end}` }), { code: 'credentials_invalid' }) // prettier-ignore
  })

  it('takes a key of many lines in a text area', () => {
    const service = serviceWith(field('private_key', 'textarea'))
    const apiKey = '-----BEGIN KEY-----\r\n\tabc\n-----END KEY-----\n'
    assert.deepEqual(readCredentials(service, { apiKey }), { private_key: apiKey })
    assert.throws(() => readCredentials(service, { apiKey: `${apiKey}\u0000` }), /control/)
  })

  it('takes the names that every object has for unknown fields', () => {
    const credentials = JSON.parse('{"api_key":"k","__proto__":"x"}') as Record<string, string>
    assert.throws(() => readCredentials(oneKey, { credentials }), /__proto__ is not a field/)
    assert.throws(() => readCredentials(oneKey, { credentials: { api_key: 'k', toString: 'x' } }), /toString is not a field/) // prettier-ignore
  })

  it('asks nothing of a service without fields', () => {
    assert.deepEqual(readCredentials(serviceWith(), {}), {})
  })
})
