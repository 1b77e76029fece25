import assert from 'node:assert/strict'
import { parseControlRequest } from '../../src/model/control.ts'
import { makeService } from '../support/services.ts'

describe('parseControlRequest', () => {
  it('takes a question and a change', () => {
    const describing = { id: 1, version: 1, call: { method: 'describe' } }
    assert.deepEqual(parseControlRequest(describing), describing)
    const change = { method: 'change', remove: ['figma'], put: [makeService()] }
    const changing = { id: 2, version: 1, call: change }
    assert.deepEqual(parseControlRequest(changing), changing)
  })

  it('takes a missing version for none that anybody speaks', () => {
    assert.equal(parseControlRequest({ id: 1, call: { method: 'describe' } })?.version, 0)
  })

  for (const value of [
    undefined,
    null,
    'describe',
    [],
    {},
    { id: '1', version: 1, call: { method: 'describe' } },
    { id: 1, version: 1 },
    { id: 1, version: 1, call: 'describe' },
    { id: 1, version: 1, call: { method: 'delete' } },
    { id: 1, version: 1, call: { method: 'change' } },
    { id: 1, version: 1, call: { method: 'change', remove: 'figma', put: [] } },
    { id: 1, version: 1, call: { method: 'change', remove: [], put: {} } },
  ])
    it(`takes ${JSON.stringify(value) || 'undefined'} for no request`, () => {
      assert.equal(parseControlRequest(value), undefined)
    })
})
