import assert from 'node:assert/strict'
import { resolveUrl } from '../../src/model/resolve-url.ts'
import { makeService } from '../support/services.ts'

const resolve = (template: string, credentials: Record<string, string>): string =>
  resolveUrl(makeService(), template, credentials).href

const refused = (message: RegExp) => ({ code: 'credentials_invalid', status: 422, message })

describe('a field in the host of a base URL', () => {
  const template = 'https://{sub}.widgets.test/api'

  for (const sub of ['acme', 'ACME-2', '7', 'x'.repeat(63)])
    it(`may be one DNS label: ${sub.slice(0, 10)}`, () => {
      assert.equal(resolve(template, { sub }), `https://${sub.toLowerCase()}.widgets.test/api`)
    })

  for (const sub of [
    'evil.com/',
    'evil.com#',
    'evil.com?',
    'a.b',
    'x@y',
    'x:y@z',
    'a:8080',
    '-a',
    'a-',
    'a b',
    'a\n',
    'ａ',
    '%61',
    '..',
    '{sub}',
    'x'.repeat(64),
  ])
    // prettier-ignore
    it(`may be nothing else: ${JSON.stringify(sub.slice(0, 10))}`, () => {
      assert.throws(
        () => resolve(template, { sub }),
        refused(/^The field "sub" of widgets must be one part of a host name/),
      )
    })

  it('must be there', () => {
    assert.throws(() => resolve(template, {}), refused(/"sub" of widgets is missing/))
    assert.throws(() => resolve(template, { sub: '' }), refused(/"sub" of widgets is missing/))
  })

  it('does not show its value in the refusal: it may be a key in the wrong field', () => {
    assert.throws(() => resolve(template, { sub: 'sk_live.1' }), refused(/^(?!.*sk_live)/))
  })

  it('is held to one label also as the whole host, and as the port', () => {
    assert.equal(resolve('https://{host}/api', { host: 'intranet' }), 'https://intranet/api')
    assert.throws(() => resolve('https://{host}/api', { host: 'evil.com' }), refused(/"host"/))
    assert.throws(() => resolve('https://{host}', { host: 'evil.com/' }), refused(/"host"/))
    assert.throws(
      () => resolve('https://x.test:{port}/', { port: '1@evil.com' }),
      refused(/"port"/),
    )
  })
})

describe('a field in the path of a base URL', () => {
  const template = 'https://api.widgets.test/api/{account}/v2'

  it('is encoded, so that it stays one segment of its host', () => {
    assert.equal(
      resolve(template, { account: 'a/b?c#d' }),
      'https://api.widgets.test/api/a%2Fb%3Fc%23d/v2',
    )
  })

  it('cannot climb', () => {
    for (const account of ['.', '..'])
      assert.throws(() => resolve(template, { account }), refused(/"account"/))
  })

  it('stands beside one in the host', () => {
    const both = 'https://{sub}.widgets.test/{account}'
    assert.equal(resolve(both, { sub: 'a', account: 'b' }), 'https://a.widgets.test/b')
  })
})

describe('a field that is the whole origin', () => {
  const template = '{base_url}/api/v3'

  for (const origin of ['https://a.example.com', 'https://a.example.com/', 'https://a.test:8443'])
    it(`may be an https address: ${origin}`, () => {
      const expected = `${origin.replace(/\/$/, '')}/api/v3`
      assert.equal(resolve(template, { base_url: origin }), expected)
    })

  for (const origin of [
    'http://a.example.com',
    'https://user@a.test',
    'https://a.test/path',
    'https://a.test?x',
    'https://',
    'https://a.test\\@b',
    'a.example.com',
    'file:///etc/passwd',
    'https://[::1]',
    ' https://a.test',
  ])
    // prettier-ignore
    it(`may be nothing else: ${origin}`, () => {
      assert.throws(
        () => resolve(template, { base_url: origin }),
        refused(/^The field "base_url" of widgets must be an https address without a path/),
      )
    })
})

describe('a base URL that is no address', () => {
  it('is the registry’s fault, not the user’s', () => {
    assert.throws(() => resolve('', {}), { code: 'registry_invalid', status: 500 })
  })
})
