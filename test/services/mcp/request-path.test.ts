import assert from 'node:assert/strict'
import { requestOf } from '../../support/tools.ts'

const pathOf = (endpoint: string, args: Record<string, unknown>, baseURL?: string): string => {
  const parameters = Object.fromEntries(Object.keys(args).map((name) => [name, {}]))
  const api = { baseURL: baseURL ?? 'https://api.widgets.test/v1', version: '', documentation: '' }
  const { url } = requestOf({ endpoint, parameters }, { service: { api }, args })
  assert.equal(url.origin, 'https://api.widgets.test')
  return `${url.pathname}${url.search}`
}

describe('the path of a request', () => {
  it('keeps the path of the base URL, with or without a slash at its end', () => {
    assert.equal(pathOf('/items', {}), '/v1/items')
    assert.equal(pathOf('/items', {}, 'https://api.widgets.test/v1/'), '/v1/items')
    assert.equal(pathOf('/items', {}, 'https://api.widgets.test'), '/items')
  })

  it('is that of the base URL when the endpoint has none', () => {
    const at = (baseURL: string, endpoint: string) =>
      requestOf({ endpoint }, { service: { api: { baseURL, version: '', documentation: '' } } }).url.href // prettier-ignore
    assert.equal(at('https://api.widgets.test/graphql', ''), 'https://api.widgets.test/graphql')
    assert.equal(at('https://api.widgets.test/rpc/', '?call=x'), 'https://api.widgets.test/rpc/?call=x') // prettier-ignore
  })

  it('puts an argument where the endpoint names it, each time', () => {
    assert.equal(pathOf('/a/{id}/b/{id}', { id: 'x1' }), '/v1/a/x1/b/x1')
    assert.equal(pathOf('/docs/{id}:batchUpdate', { id: 'd1' }), '/v1/docs/d1:batchUpdate')
    assert.equal(pathOf('/items({id})', { id: '42' }), '/v1/items(42)')
    assert.equal(pathOf('/{owner}/{repo}', { owner: 'me', repo: 'it' }), '/v1/me/it')
  })

  it('encodes what RFC 3986 does not leave as it is', () => {
    assert.equal(pathOf('/items/{id}', { id: 'a b+c&d=e' }), '/v1/items/a%20b%2Bc%26d%3De')
    assert.equal(pathOf('/items/{id}', { id: "!'()*" }), '/v1/items/%21%27%28%29%2A')
    assert.equal(pathOf('/items/{id}', { id: 'grün/€' }), '/v1/items/gr%C3%BCn%2F%E2%82%AC')
    assert.equal(pathOf('/items/{id}', { id: 'a-b_c.d~e' }), '/v1/items/a-b_c.d~e')
  })

  it('does not decode what is already encoded', () => {
    assert.equal(pathOf('/items/{id}', { id: '%2e%2e%2f' }), '/v1/items/%252e%252e%252f')
  })

  it('keeps slashes, queries and fragments of an argument inside their segment', () => {
    assert.equal(pathOf('/items/{id}', { id: '../admin' }), '/v1/items/..%2Fadmin')
    assert.equal(pathOf('/items/{id}', { id: '..\\admin' }), '/v1/items/..%5Cadmin')
    assert.equal(pathOf('/items/{id}', { id: 'a?b=c#d' }), '/v1/items/a%3Fb%3Dc%23d')
    assert.equal(pathOf('/items/{id}', { id: '//evil.example' }), '/v1/items/%2F%2Fevil.example')
  })

  it('does not fill a placeholder that an argument brings along', () => {
    assert.equal(pathOf('/{a}/{b}', { a: '{b}', b: 'x' }), '/v1/%7Bb%7D/x')
    assert.equal(pathOf('/items/{id}', { id: '$&$1' }), '/v1/items/%24%26%241')
  })

  it('writes numbers and booleans as text', () => {
    assert.equal(pathOf('/items/{id}/{flag}', { id: 7, flag: false }), '/v1/items/7/false')
  })
})

describe('an argument that would climb the path', () => {
  const refused = { code: 'invalid_request', status: 422 }

  for (const id of ['.', '..'])
    it(`is refused: ${id}`, () => {
      assert.throws(() => pathOf('/items/{id}/parts', { id }), refused)
      assert.throws(() => pathOf('/items/{id}', { id }), refused)
    })

  it('is refused when two arguments together make the dots', () => {
    assert.throws(() => pathOf('/items/{a}{b}/parts', { a: '.', b: '.' }), refused)
  })

  it('is harmless beside other text of its segment', () => {
    assert.equal(pathOf('/items/{id}:copy', { id: '..' }), '/v1/items/..:copy')
    assert.equal(pathOf('/items/{id}', { id: '...' }), '/v1/items/...')
  })

  it('is refused when it is empty: one item would become the collection', () => {
    assert.throws(() => pathOf('/items/{id}', { id: '' }), {
      ...refused,
      message: '"id" must not be empty.',
    })
  })
})
