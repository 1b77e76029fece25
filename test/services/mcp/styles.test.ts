import assert from 'node:assert/strict'
import type { Parameter } from '../../../src/model/service.ts'
import { bodyOf, requestOf } from '../../support/tools.ts'

const LIST = ['a b', 'c,d', 'é']
const MAP = { x: 1, 'y z': { in: [true, 'q'] } }

const queryOf = (value: unknown, part: Partial<Parameter> = {}): string => {
  const type = Array.isArray(value) ? 'array' : typeof value === 'object' ? 'object' : 'string'
  const tool = { parameters: { ids: { type, ...part } as const } }
  return requestOf(tool, { args: { ids: value } }).url.search.slice(1)
}

describe('an array in the query', () => {
  for (const [style, query] of [
    [undefined, 'ids=a%20b&ids=c%2Cd&ids=%C3%A9'],
    ['repeat', 'ids=a%20b&ids=c%2Cd&ids=%C3%A9'],
    ['comma', 'ids=a%20b,c%2Cd,%C3%A9'],
    ['space', 'ids=a%20b%20c%2Cd%20%C3%A9'],
    ['pipe', 'ids=a%20b%7Cc%2Cd%7C%C3%A9'],
    ['brackets', 'ids%5B%5D=a%20b&ids%5B%5D=c%2Cd&ids%5B%5D=%C3%A9'],
    ['deepObject', 'ids%5B%5D=a%20b&ids%5B%5D=c%2Cd&ids%5B%5D=%C3%A9'],
    ['json', 'ids=%5B%22a%20b%22%2C%22c%2Cd%22%2C%22%C3%A9%22%5D'],
  ] as const)
    it(`is written by its style: ${style ?? 'none'}`, () => {
      assert.equal(queryOf(LIST, { style }), query)
    })

  it('that is empty sends nothing (RFC 6570 §2.3)', () => {
    for (const style of [undefined, 'repeat', 'comma', 'space', 'pipe', 'brackets'] as const)
      assert.equal(queryOf([], { style }), '')
    assert.equal(queryOf([], { style: 'json' }), 'ids=%5B%5D')
  })
})

describe('an object in the query', () => {
  for (const [style, query] of [
    [undefined, `ids=${encodeURIComponent(JSON.stringify(MAP))}`],
    ['json', `ids=${encodeURIComponent(JSON.stringify(MAP))}`],
    ['repeat', `x=1&y%20z=${encodeURIComponent('{"in":[true,"q"]}')}`],
    ['comma', `ids=x,1,y%20z,${encodeURIComponent('{"in":[true,"q"]}')}`],
    ['deepObject', 'ids%5Bx%5D=1&ids%5By%20z%5D%5Bin%5D%5B%5D=true&ids%5By%20z%5D%5Bin%5D%5B%5D=q'],
    ['brackets', 'ids%5Bx%5D=1&ids%5By%20z%5D%5Bin%5D%5B%5D=true&ids%5By%20z%5D%5Bin%5D%5B%5D=q'],
  ] as const)
    it(`is written by its style: ${style ?? 'none'}`, () => {
      assert.equal(queryOf(MAP, { style }), query)
    })

  it('repeats the keys of its arrays', () => {
    assert.equal(queryOf({ tag: ['a', 'b'] }, { style: 'repeat' }), 'tag=a&tag=b')
  })
})

describe('a value with reserved characters', () => {
  const text = "a/b:c?d#e&f=g+h'(i) 100%"

  it('keeps them in the query when it may, but none that would end it', () => {
    // The apostrophe is encoded by the URL itself (WHATWG URL, special-query).
    assert.equal(queryOf(text, { reserved: true }), 'ids=a/b:c?d%23e%26f=g%2Bh%27(i)%20100%25')
    assert.equal(queryOf(text), 'ids=a%2Fb%3Ac%3Fd%23e%26f%3Dg%2Bh%27%28i%29%20100%25')
  })

  const pathOf = (path: string) =>
    requestOf(
      { endpoint: '/files/{path}', parameters: { path: { reserved: true } } },
      { args: { path } },
    ).url.pathname

  it('keeps the slashes of a path when it may, but no question mark and no climbing', () => {
    assert.equal(pathOf('a/b c?d#e'), '/v1/files/a/b%20c%3Fd%23e')
    for (const path of ['a/../b', '..', 'a/%2e%2e/b'])
      if (path.includes('%')) assert.equal(pathOf(path), '/v1/files/a/%252e%252e/b')
      else assert.throws(() => pathOf(path), { code: 'invalid_request' })
  })
})

describe('arrays and objects elsewhere', () => {
  const parameters = {
    p: { type: 'array', in: 'path' },
    h: { type: 'array', in: 'header', name: 'X-Ids' },
    c: { type: 'object', in: 'cookie', style: 'comma', name: 'sel' },
  } as const

  it('are joined with commas in path, header and cookie', () => {
    const args = { p: ['a/b', 2], h: ['x', 'y z'], c: { k: 'v,w' } }
    const { url, headers } = requestOf({ endpoint: '/items/{p}', parameters }, { args })
    assert.equal(url.pathname, '/v1/items/a%2Fb,2')
    assert.equal(headers['x-ids'], 'x,y z')
    assert.equal(headers['cookie'], 'sel=k,v%2Cw')
  })

  it('follow their style in a form, under the API’s own names', () => {
    const request = requestOf(
      {
        method: 'POST',
        encoding: 'form',
        parameters: {
          meta: { type: 'object', style: 'deepObject', name: 'metadata' },
          ids: { type: 'array', style: 'brackets' },
          note: {},
        },
      },
      { args: { meta: { 'order no': 6 }, ids: [1, 2], note: 'a b&c' } },
    )
    assert.equal(bodyOf(request), 'metadata%5Border+no%5D=6&ids%5B%5D=1&ids%5B%5D=2&note=a+b%26c')
  })
})

describe('the content type of a body', () => {
  const POST = { method: 'POST', parameters: { body: {} } } as const

  it('is the tool’s own, and absent without a body', () => {
    const headers = { 'Content-Type': 'application/vnd.api+json' }
    const tool = { ...POST, headers }
    assert.equal(requestOf(tool, { args: { body: 'x' } }).headers['content-type'], 'application/vnd.api+json') // prettier-ignore
    const get = requestOf({ headers, parameters: { q: {} } }, { args: { q: 'x' } })
    assert.ok(!('content-type' in get.headers))
  })

  it('is plain text for a body that is a text', () => {
    const request = requestOf({ ...POST, encoding: 'text', body: '{{body}}' }, { args: { body: '# Hi "you"' } }) // prettier-ignore
    assert.equal(request.headers['content-type'], 'text/plain')
    assert.equal(bodyOf(request), '# Hi "you"')
  })
})
