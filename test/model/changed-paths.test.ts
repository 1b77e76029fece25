import assert from 'node:assert/strict'
import { changedPaths } from '../../src/model/changed-paths.ts'
import { makeService } from '../support/services.ts'

describe('changedPaths', () => {
  it('names every place where two services differ', () => {
    const before = makeService()
    const after = makeService({
      description: 'Sells more.',
      iconUrl: 'https://widgets.test/icon.png',
      api: { ...before.api, version: 'v2' },
      auth: { ...before.auth, fields: [{ name: 'token', type: 'password', required: true, description: 'The key' }] }, // prettier-ignore
    })
    assert.deepEqual(changedPaths(before, after).sort(), [
      'api.version',
      'auth.fields.0.name',
      'description',
      'iconUrl',
    ])
  })

  it('names what is new and what is gone', () => {
    assert.deepEqual(changedPaths({ a: { b: 1 } }, { a: { c: [0] } }), ['a.b', 'a.c'])
    assert.deepEqual(changedPaths({ a: [1, 2] }, { a: [1] }), ['a.1'])
    assert.deepEqual(changedPaths({ a: {} }, { a: null }), ['a'])
  })

  it('tells an empty list from an empty object', () => {
    assert.deepEqual(changedPaths({ body: {} }, { body: [] }), ['body'])
  })

  it('names nothing for equal values, absent or undefined, in any order', () => {
    assert.deepEqual(changedPaths({ a: 1, b: [{ c: 2 }] }, { b: [{ c: 2 }], a: 1 }), [])
    assert.deepEqual(changedPaths({ a: undefined }, {}), [])
  })

  it('stops where nobody reads on, and says how many are left', () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`k${n}`, n]))
    const paths = changedPaths({}, many)
    assert.equal(paths.length, 13)
    assert.equal(paths.at(-1), 'and 18 more')
  })
})
