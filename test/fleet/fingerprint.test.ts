import assert from 'node:assert/strict'
import { changedSettings, FINGERPRINT_VARIABLE, fingerprintIn, fingerprintOf } from '../../src/fleet/fingerprint.ts' // prettier-ignore
import { makeApp } from '../support/apps.ts'

const print = (over: Parameters<typeof makeApp>[1] = {}, parts = {}) =>
  fingerprintOf(makeApp('mcp-host-0', over), parts)

describe('the fingerprint of an app', () => {
  it('is the same for the same settings, in any order', () => {
    assert.equal(print({ env: { A: '1', B: '2' } }), print({ env: { B: '2', A: '1' } }))
  })

  it('tells which settings differ, added and removed ones too', () => {
    const before = print({ env: { A: '1', B: '1', C: '1' }, kill_timeout: 1 }, { version: '1' })
    const after = print(
      { env: { A: '1', B: '2', D: '1' }, kill_timeout: 2, max_memory_restart: '1G' },
      { version: '2' },
    )
    assert.deepEqual(changedSettings(before, after), [
      'env.B',
      'env.C',
      'env.D',
      'kill_timeout',
      'max_memory_restart',
      'version',
    ])
    assert.deepEqual(changedSettings(before, before), [])
  })

  it('tells that an app without one has to be replaced', () => {
    assert.ok(changedSettings('', print()).length > 0)
    assert.ok(changedSettings('0123456789abcdef', print()).length > 0)
    assert.deepEqual(changedSettings('', ''), [])
  })

  it('does not hold what a host serves, which changes in place, nor itself', () => {
    const env = { MCP_TYPES: 'figma,stripe', [FINGERPRINT_VARIABLE]: 'of before' }
    assert.equal(print({ env }), print())
  })

  it('does not show the values that it was made from', () => {
    assert.ok(!print({ env: { A: 'geheim' } }).includes('geheim'))
  })

  it('is read from an environment, wherever that comes from', () => {
    assert.equal(fingerprintIn({ [FINGERPRINT_VARIABLE]: 'a:1' }), 'a:1')
    assert.equal(fingerprintIn({ [FINGERPRINT_VARIABLE]: 7 }), '')
    assert.equal(fingerprintIn({}), '')
  })
})
