import assert from 'node:assert/strict'
import { echoAnswer } from '../../../src/services/mcp/echo.ts'
import { requestOf } from '../../support/tools.ts'

const CREDENTIALS = { api_key: 'k/1 "x"', other: 'k' }

const echoed = (...call: Parameters<typeof requestOf>) => {
  const answer = echoAnswer(requestOf(...call), CREDENTIALS)
  assert.equal(answer.status, 200)
  return JSON.parse(answer.body.toString()) as Record<string, unknown>
}

describe('echo', () => {
  const auth = {
    type: 'api_key',
    fields: [],
    inject: { headers: { 'X-Api-Key': '{{api_key}}' }, query: { key: '{{api_key}}' } },
  } as const

  it('shows the request that an API would have received', () => {
    const tool = {
      method: 'POST',
      endpoint: '/items/{id}?v=2',
      parameters: { id: {}, note: {}, page: { in: 'query' } },
    } as const
    const seen = echoed(tool, { args: { id: 'a b', note: 'hi', page: '3' } })
    assert.equal(seen['method'], 'POST')
    assert.equal(seen['path'], '/v1/items/a%20b')
    assert.deepEqual(seen['query'], { v: '2', page: '3' })
    assert.deepEqual(seen['body'], { note: 'hi' })
    assert.equal(Object(seen['headers'])['content-type'], 'application/json')
  })

  it('shows credentials by their names only, wherever they went', () => {
    const tool = {
      method: 'POST',
      endpoint: '/items/{id}',
      parameters: { id: {}, note: {} },
    } as const
    const args = { id: CREDENTIALS.api_key, note: CREDENTIALS.api_key }
    const seen = echoed(tool, { service: { auth }, credentials: CREDENTIALS, args })
    assert.equal(Object(seen['headers'])['x-api-key'], '[api_key]')
    assert.deepEqual(seen['query'], { key: '[api_key]' })
    assert.equal(seen['path'], '/v1/items/[api_key]')
    assert.deepEqual(seen['body'], { note: '[api_key]' })
  })

  it('shows a body that is no JSON as text, and none as null', () => {
    const tool = { method: 'POST', encoding: 'form', parameters: { a: {} } } as const
    assert.equal(echoed(tool, { args: { a: 'x' } })['body'], 'a=x')
    assert.equal(echoed({})['body'], null)
  })
})
