import assert from 'node:assert/strict'
import { AppError, messageOf, systemCodeOf } from '../../src/base/errors.ts'

describe('an AppError', () => {
  it('has the HTTP status of its code, or another one that is stated', () => {
    assert.equal(new AppError('not_found', 'Nothing here.').status, 404)
    assert.equal(new AppError('not_found', 'Gone.', { status: 410 }).status, 410)
  })

  it('keeps its cause, and has none when there was none', () => {
    const cause = new Error('deeper')
    assert.equal(new AppError('internal', 'x', { cause }).cause, cause)
    assert.ok(!('cause' in new AppError('internal', 'x')))
  })
})

describe('anything thrown', () => {
  it('has a message', () => {
    assert.equal(messageOf(new TypeError('wrong')), 'wrong')
    assert.equal(messageOf('text'), 'text')
    assert.equal(messageOf(undefined), 'undefined')
  })

  it('has the system’s code when it is an error with a textual one', () => {
    assert.equal(systemCodeOf(Object.assign(new Error(), { code: 'ENOENT' })), 'ENOENT')
    assert.equal(systemCodeOf(Object.assign(new Error(), { code: 7 })), undefined)
    assert.equal(systemCodeOf({ code: 'ENOENT' }), undefined)
  })
})
