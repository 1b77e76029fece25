import assert from 'node:assert/strict'
import { countWorse, MOST } from '../../support/simulated-paths.ts'

describe('the comparison of two paths, simulated', function () {
  this.timeout(60_000)

  it('calls the old path worse than itself in at most 1 of 100 runs of 800 requests (1,000 of them: test/long)', () => {
    const wrong = countWorse(200, {}, MOST)
    assert.ok(wrong <= 2, `${wrong} of 200`)
  })

  for (const { what, effect, within } of [
    { what: 'a latency of 1.5 times', effect: { factor: 1.5 }, within: 100 },
    { what: 'one request in ten that takes ten times as long', effect: { slowShare: 0.1 }, within: 400 }, // prettier-ignore
    { what: 'errors of 50 in 100 more', effect: { moreErrors: 0.5 }, within: 20 },
  ])
    it(`finds ${what} within ${within} requests by each path`, () => {
      const found = countWorse(300, effect, within)
      assert.ok(found >= 294, `${found} of 300`)
    })

  it('finds the effects that the plan names within 800', () => {
    for (const effect of [{ factor: 1.2 }, { moreErrors: 0.06 }]) {
      const found = countWorse(50, effect, MOST)
      assert.ok(found >= 45, `${JSON.stringify(effect)}: ${found} of 50`)
    }
  })
})
