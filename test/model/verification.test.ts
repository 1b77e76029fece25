import assert from 'node:assert/strict'
import {
  firstCheck,
  nextCheck,
  type CheckState,
  type Outcome,
} from '../../src/model/verification.ts'

const NOW = new Date('2026-01-01T00:00:00Z')
const minutesUntil = ({ checkAt }: CheckState) =>
  checkAt === null ? null : (checkAt.getTime() - NOW.getTime()) / 60_000

describe('what is known of a key', () => {
  const after = (before: CheckState, outcome: Outcome, isAsked = false) =>
    nextCheck(before, { outcome }, { now: NOW, isAsked })
  const valid = firstCheck({ outcome: 'valid', account: 'anna' }, NOW)

  it('begins with what the API says, and is asked again daily', () => {
    const { checkAt: _at, ...rest } = valid
    assert.deepEqual(rest, { verification: 'valid', account: 'anna', verifiedAt: NOW, checkTries: 0 }) // prettier-ignore
    assert.equal(minutesUntil(valid), 24 * 60)
    assert.equal(minutesUntil(firstCheck({ outcome: 'unverifiable' }, NOW)), 7 * 24 * 60)
  })

  it('is asked again soon while the API is away, then ever later, at last daily', () => {
    let state = firstCheck({ outcome: 'unreachable' }, NOW)
    const waits = [minutesUntil(state)]
    for (let n = 0; n < 6; n++) {
      state = after(state, 'unreachable')
      waits.push(minutesUntil(state))
    }
    assert.equal(state.verification, 'unreachable')
    assert.equal(state.verifiedAt, null)
    assert.deepEqual(waits, [1, 5, 30, 120, 720, 1440, 1440])
  })

  it('is not forgotten while the API says nothing', () => {
    const away = after(valid, 'unreachable')
    assert.deepEqual([away.verification, away.account, away.verifiedAt], ['valid', 'anna', NOW])
    const refused = after(valid, 'invalid', true)
    assert.equal(after(refused, 'unreachable').verification, 'invalid')
  })

  it('doubts one refusal by schedule and believes the second', () => {
    const doubted = after(valid, 'invalid')
    assert.deepEqual([doubted.verification, minutesUntil(doubted)], ['valid', 10])
    assert.equal(after(doubted, 'invalid').verification, 'invalid')
    assert.equal(after(doubted, 'valid').checkTries, 0)
  })

  it('believes a refusal at once when somebody asked', () => {
    assert.equal(after(valid, 'invalid', true).verification, 'invalid')
  })

  it('ends asking about a refused key some days later', () => {
    let state = after(valid, 'invalid', true)
    let checks = 0
    for (; state.checkAt !== null; checks++) state = after(state, 'invalid')
    assert.equal(checks, 8)
    assert.equal(state.verification, 'invalid')
  })
})
