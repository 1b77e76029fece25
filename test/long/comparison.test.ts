import assert from 'node:assert/strict'
import { countWorse, MOST } from '../support/simulated-paths.ts'

describe('the comparison of two paths, simulated at length', () => {
  it('calls the old path worse than itself in at most 10 of 1,000 runs of 800 requests', () => {
    const wrong = countWorse(1_000, {}, MOST)
    assert.ok(wrong <= 10, `${wrong} of 1,000`)
  })
})
