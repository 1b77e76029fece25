import assert from 'node:assert/strict'
import type { ConfigFile, ToolEntry } from '../support/catalogue/config-file.ts'
import type { DocumentFacts, Operation } from '../support/catalogue/documents.ts'
import { judgeByConfig } from '../support/catalogue/judge-by-config.ts'
import { judgeByDocument } from '../support/catalogue/judge-by-document.ts'
import type { Played } from '../support/catalogue/play.ts'
import type { Recorded } from '../support/recorder.ts'

const TOOL: ToolEntry = {
  name: 'add_item',
  method: 'POST',
  endpoint: '/lists/{list}/items',
  parameters: {
    list: { type: 'string', required: true },
    notify: { type: 'boolean', in: 'query' },
    title: { type: 'string', required: true },
  },
  body: { data: { title: '{{title}}' } },
}
const CONFIG: ConfigFile = {
  name: 'widgets',
  api: { baseURL: 'https://api.widgets.test/v1' },
  auth: {
    type: 'api_key',
    fields: [{ name: 'api_key', required: true }],
    inject: { headers: { 'X-Api-Key': '{{api_key}}' } },
  },
  tools: [TOOL],
}
const RIGHT: Recorded = {
  method: 'POST',
  url: '/widgets/v1/lists/a%20b%2F%C3%BC/items?notify=true',
  headers: { 'content-type': 'application/json', 'x-api-key': 'key', 'user-agent': 'berth' },
  body: '{"data":{"title":"tea"}}',
}
const OPERATION: Operation = {
  hosts: ['api.widgets.test'],
  query: ['notify'],
  headers: [],
  body: { types: ['application/json'], properties: ['data!', 'data.title!'] },
  security: ['header:x-api-key'],
}

const playedWith = (over: Partial<Recorded>): Played => ({
  config: CONFIG,
  tool: TOOL,
  extent: 'full',
  args: { list: 'a b/ü', notify: true, title: 'tea' },
  credentials: { api_key: 'key' },
  requests: [{ ...RIGHT, ...over }],
  error: undefined,
})
const factsWith = (over: Partial<Operation>): DocumentFacts => ({
  documents: ['widgets.test'],
  operations: { 'POST /v1/lists/{}/items': { ...OPERATION, ...over } },
})

describe('the judges of the catalogue', () => {
  const url = (path: string) => ({ url: `/widgets/v1${path}` })
  const wrong: Record<string, [Partial<Recorded>, RegExp]> = {
    'another method': [{ method: 'PUT' }, /^method/],
    'a path that is not encoded': [url('/lists/a%20b/%C3%BC/items?notify=true'), /^path/],
    'a query that is missing': [url('/lists/a%20b%2F%C3%BC/items'), /^query/],
    'a query that is no URL': [url('/lists/a%20b%2F%C3%BC/items?notify="'), /RFC 3986/],
    'a wrong key': [{ headers: { ...RIGHT.headers, 'x-api-key': 'other' } }, /^headers/],
    'a header too many': [{ headers: { ...RIGHT.headers, cookie: 'a=1' } }, /^headers/],
    'a body without its wrapper': [{ body: '{"title":"tea"}' }, /^content/],
    'an array where text belongs': [{ body: '{"data":{"title":["tea"]}}' }, /^content/],
  }
  for (const [what, [over, expected]] of Object.entries(wrong))
    it(`see ${what}`, () => {
      const [first, ...more] = judgeByConfig(playedWith(over))
      assert.match(first ?? 'nothing', new RegExp(expected.source.replace('^', '^(Error: )?')))
      assert.deepEqual(more, [])
    })

  it('find nothing wrong with the right request', () => {
    assert.deepEqual(judgeByConfig(playedWith({})), [])
    assert.deepEqual(judgeByDocument(playedWith({}), factsWith({})), [])
  })

  it('see a second request, and a call that failed', () => {
    const twice = { ...playedWith({}), requests: [RIGHT, RIGHT] }
    assert.deepEqual(judgeByConfig(twice), ['2 requests instead of one'])
    assert.match(judgeByConfig({ ...twice, error: 'no' })[0] ?? '', /the call failed: no/)
  })

  it('see a config that says what no rule is known for', () => {
    const tool = { ...TOOL, novelty: true }
    assert.match(
      judgeByConfig({ ...playedWith({}), tool })[0] ?? '',
      /no rule is known for novelty/,
    )
  })

  const documents: Record<string, [Partial<Operation>, string]> = {
    'another host': [{ hosts: ['widgets.test'] }, 'host: api.widgets.test, not widgets.test'],
    'an unknown query': [{ query: [] }, 'query: "notify" is unknown'],
    'a query that is required': [{ query: ['notify', 'team!'] }, 'query: "team" is required'],
    'a header that is required': [{ headers: ['x-team!'] }, 'header: "x-team" is required'],
    'another media type': [
      { body: { types: ['multipart/form-data'] } },
      'body: application/json is not among its types',
    ],
    'an unknown property within a wrapper': [
      { body: { types: ['application/json'], properties: ['data!', 'data.name'] } },
      'body: "data.title" is unknown',
    ],
    'a property that is required': [
      { body: { types: ['*/*'], properties: ['data', 'data.title', 'version!'] } },
      'body: "version" is required',
    ],
    'another way to authenticate': [{ security: ['query:key'] }, 'security: none of query:key'],
  }
  for (const [what, [over, expected]] of Object.entries(documents))
    it(`see by the document: ${what}`, () => {
      assert.deepEqual(judgeByDocument(playedWith({}), factsWith(over)), [expected])
    })

  it('see an operation that no document knows', () => {
    const nothing = { documents: [], operations: {} }
    assert.deepEqual(judgeByDocument(playedWith({}), nothing), ['no operation POST /v1/lists/{}/items']) // prettier-ignore
  })
})
