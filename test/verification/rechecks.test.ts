import assert from 'node:assert/strict'
import { silentLog } from '../../src/base/log.ts'
import type { CheckState, Verification } from '../../src/model/verification.ts'
import { createRechecks } from '../../src/verification/rechecks.ts'
import { makeService, UNCHECKED } from '../support/services.ts'

type Row = CheckState & {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
}
const row = (over: Partial<Row> = {}): Row => ({
  handle: 'wid_user_1a2b3c4d_000001',
  userId: 'u',
  service: 'widgets',
  sealedCredentials: '{}',
  ...UNCHECKED,
  verification: 'valid',
  ...over,
})

/** Rechecks over rows that are due once, and an API with given answers. */
const rechecksOver = (
  rows: readonly Row[],
  answers: (Verification | Error)[],
  isRecorded = true,
) => {
  const due = [...rows]
  const seen = {
    recorded: [] as CheckState[],
    changed: [] as string[],
    events: [] as string[],
    claims: 0,
  }
  const rechecks = createRechecks({
    verify: () => {
      const answer = answers.shift() ?? { outcome: 'valid' as const }
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    serviceNamed: (name) => (name === 'widgets' ? makeService() : undefined),
    openCredentials: ({ sealedCredentials }) =>
      JSON.parse(sealedCredentials) as Record<string, string>,
    claimDue: (limit) => {
      seen.claims += 1
      return Promise.resolve(due.splice(0, limit))
    },
    record: (_row, state) => {
      seen.recorded.push(state)
      return Promise.resolve(isRecorded)
    },
    onInstanceChange: (handle) => seen.changed.push(handle),
    recordEvent: ({ type }) => seen.events.push(type),
    now: () => new Date(0),
    log: silentLog,
  })
  return { rechecks, seen }
}

describe('rechecks', () => {
  it('mark a key that stops working, and say so once', async () => {
    const doubted = row({ checkTries: 1 })
    const { rechecks, seen } = rechecksOver([doubted], [{ outcome: 'invalid' }])
    await rechecks.sweep()
    assert.equal(seen.recorded[0]?.verification, 'invalid')
    assert.deepEqual(seen.changed, [doubted.handle])
    assert.deepEqual(seen.events, ['key.invalid'])
    const again = rechecksOver(
      [row({ verification: 'invalid', checkTries: 2 })],
      [{ outcome: 'invalid' }],
    )
    await again.rechecks.sweep()
    assert.deepEqual(again.seen.events, [])
  })

  it('take the mark off when the key works again', async () => {
    const { rechecks, seen } = rechecksOver([row({ verification: 'invalid', checkTries: 4 })], [])
    await rechecks.sweep()
    assert.deepEqual([seen.changed.length, seen.events], [1, ['key.valid']])
  })

  it('leave gateways alone when nothing changed', async () => {
    const { rechecks, seen } = rechecksOver(
      [row(), row()],
      [{ outcome: 'valid' }, { outcome: 'invalid' }],
    )
    await rechecks.sweep()
    assert.deepEqual([seen.recorded.length, seen.changed, seen.events], [2, [], []])
  })

  it('say nothing of a key that was replaced meanwhile', async () => {
    const { rechecks, seen } = rechecksOver([], [{ outcome: 'invalid' }], false)
    const { result, state } = await rechecks.check(row())
    assert.deepEqual([result.outcome, state.verification], ['invalid', 'valid'])
    assert.deepEqual([seen.changed, seen.events], [[], []])
  })

  it('go on with the others when one fails, and with more than one batch', async () => {
    const rows = [row({ sealedCredentials: 'broken' }), ...Array.from({ length: 120 }, () => row())]
    const { rechecks, seen } = rechecksOver(rows, [new TypeError('boom')])
    await rechecks.sweep()
    assert.equal(seen.recorded.length, 119)
    assert.equal(seen.claims, 3)
  })

  it('take a service that is gone for unreachable', async () => {
    const { rechecks } = rechecksOver([], [])
    const { result } = await rechecks.check(row({ service: 'gone' }))
    assert.equal(result.outcome, 'unreachable')
  })
})
