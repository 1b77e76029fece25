import assert from 'node:assert/strict'
import { bodyOf, requestOf } from '../../support/tools.ts'

describe('where a parameter goes', () => {
  it('is the query for GET, HEAD and DELETE', () => {
    for (const method of ['GET', 'HEAD', 'DELETE'] as const) {
      const request = requestOf({ method, parameters: { q: {} } }, { args: { q: 'x' } })
      assert.equal(request.url.href, 'https://api.widgets.test/v1/items?q=x', method)
      assert.equal(request.method, method)
      assert.equal(request.body, undefined)
      assert.equal(request.headers['content-type'], undefined)
    }
  })

  it('is the JSON body for POST, PUT and PATCH', () => {
    for (const method of ['POST', 'PUT', 'PATCH'] as const) {
      const parameters = { n: { type: 'integer' }, tags: { type: 'array' } } as const
      const request = requestOf({ method, parameters }, { args: { n: 7, tags: ['a', 'b'] } })
      assert.equal(request.url.search, '', method)
      assert.equal(bodyOf(request), '{"n":7,"tags":["a","b"]}')
      assert.equal(request.headers['content-type'], 'application/json')
    }
  })

  it('is a header that can carry it: JSON with its escapes, other text as it is, or not at all', () => {
    const parameters = { meta: { type: 'object', in: 'header' }, note: { in: 'header' } } as const
    const headers = (args: Record<string, unknown>) => requestOf({ parameters }, { args }).headers
    const sent = headers({ meta: { n: 'ü€😀' }, note: 'ü\r\nx: y' })
    assert.equal(sent['meta'], '{"n":"\\u00fc\\u20ac\\ud83d\\ude00"}')
    assert.equal(sent['note'], 'ü  x: y')
    assert.throws(() => headers({ note: '€' }), /"note" has a character that a header cannot carry/)
  })

  it('is the query of the endpoint when that names it, and the pair goes without a value', () => {
    const endpoint = '/items?q={q}&kind=any&near={lat},{lon}&at=#1'
    const tool = { endpoint, parameters: { q: {}, lat: {}, lon: {}, page: {} } } as const
    const search = (args: Record<string, unknown>) => requestOf(tool, { args }).url.search
    assert.equal(search({ q: 'a&b=c' }), '?q=a%26b%3Dc&kind=any&at=%231')
    assert.equal(search({ lat: 1, lon: '{q}', page: 2 }), '?kind=any&near=1,%7Bq%7D&at=%231&page=2')
    const post = requestOf({ ...tool, method: 'POST' }, { args: { q: 'x', page: 2 } })
    assert.equal(post.url.search, '?q=x&kind=any&at=%231')
    assert.equal(bodyOf(post), '{"page":"2"}')
  })

  it('is the path alone when the endpoint names it', () => {
    const tool = { method: 'POST', endpoint: '/items/{id}', parameters: { id: {}, n: {} } } as const
    const request = requestOf(tool, { args: { id: 'i1', n: 'x' } })
    assert.equal(request.url.pathname, '/v1/items/i1')
    assert.equal(bodyOf(request), '{"n":"x"}')
  })

  it('is what `in` says, over the rule', () => {
    const request = requestOf(
      {
        method: 'POST',
        parameters: {
          page: { in: 'query' },
          'X-Version': { in: 'header' },
          session: { in: 'cookie' },
          theme: { in: 'cookie' },
          note: { in: 'body' },
        },
      },
      { args: { page: '2', 'X-Version': '9', session: 'a;b', theme: 'dark', note: 'hi' } },
    )
    assert.equal(request.url.search, '?page=2')
    assert.equal(request.headers['x-version'], '9')
    assert.equal(request.headers['cookie'], 'session=a%3Bb; theme=dark')
    assert.equal(bodyOf(request), '{"note":"hi"}')
  })

  it('is the body of a DELETE that says so, and no body without a value', () => {
    const tool = { method: 'DELETE', parameters: { ids: { type: 'array', in: 'body' } } } as const
    assert.equal(bodyOf(requestOf(tool, { args: { ids: [1] } })), '{"ids":[1]}')
    assert.equal(requestOf(tool).body, undefined)
  })

  it('keeps line breaks of a value out of the headers', () => {
    const tool = { parameters: { 'X-Note': { in: 'header' } } } as const
    const { headers } = requestOf(tool, { args: { 'X-Note': 'a\r\nX-Admin: 1' } })
    assert.equal(headers['x-note'], 'a  X-Admin: 1')
  })
})

describe('the query', () => {
  it('repeats the key of an array and encodes names and values', () => {
    const parameters = { 'ids[]': { type: 'array' }, q: {}, deep: { type: 'object' } } as const
    const args = { 'ids[]': ['a b', 2], q: "it's 100%&more", deep: { a: 1 } }
    assert.equal(
      requestOf({ parameters }, { args }).url.search,
      '?ids%5B%5D=a%20b&ids%5B%5D=2&q=it%27s%20100%25%26more&deep=%7B%22a%22%3A1%7D',
    )
  })

  it('starts with the constant query of endpoint and base URL', () => {
    const api = { baseURL: 'https://api.widgets.test/v1?tenant=7', version: '', documentation: '' }
    const tool = { endpoint: '/items?expand=all&v=2', parameters: { q: {} } }
    const { url } = requestOf(tool, { service: { api }, args: { q: 'x' } })
    assert.equal(url.href, 'https://api.widgets.test/v1/items?tenant=7&expand=all&v=2&q=x')
  })

  it('holds defaults, and nothing for what is absent or null', () => {
    const parameters = { limit: { type: 'integer', default: 50 }, q: {}, page: {} } as const
    assert.equal(
      requestOf({ parameters }, { args: { q: null, page: 'p' } }).url.search,
      '?limit=50&page=p',
    )
    assert.equal(requestOf({ parameters }, { args: { limit: 5 } }).url.search, '?limit=5')
    assert.equal(requestOf({ parameters }, { args: { limit: null } }).url.search, '?limit=50')
  })

  it('keeps values that only look empty', () => {
    const parameters = { n: { type: 'integer' }, yes: { type: 'boolean' }, text: {} } as const
    const args = { n: 0, yes: false, text: '' }
    assert.equal(requestOf({ parameters }, { args }).url.search, '?n=0&yes=false&text=')
  })
})

describe('a tool with settings of its own', () => {
  it('goes to its own base URL with its constant headers, which win over the defaults', () => {
    const headers = { Accept: 'audio/mpeg', Prefer: 'return=minimal' }
    const request = requestOf({ baseURL: 'https://upload.widgets.test/u', headers })
    assert.equal(request.url.href, 'https://upload.widgets.test/u/items')
    assert.equal(request.headers['accept'], 'audio/mpeg')
    assert.equal(request.headers['prefer'], 'return=minimal')
    assert.match(request.headers['user-agent'] ?? '', /^berth/)
  })
})
