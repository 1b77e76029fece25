import assert from 'node:assert/strict'
import { createComparison } from '../../../src/cutover/comparison/comparison.ts'
import { rankSumZ } from '../../../src/cutover/comparison/rank-sum.ts'
import type { Sample } from '../../../src/cutover/comparison/sample.ts'

const sample = (over: Partial<Sample>): Sample => ({
  arm: 'new',
  service: 'widgets',
  instance: 'one',
  latencyMs: 100,
  fault: null,
  ...over,
})

describe('the tests of the comparison', () => {
  it('rank values as Mann and Whitney do, equal ones half and half', () => {
    // U = 4·5 − 0 = 20 of 20; z = (20 − 10) / √(4·5·10/12)
    const apart = rankSumZ([{ old: [1, 2, 3, 4], new: [5, 6, 7, 8, 9] }])
    assert.ok(Math.abs(apart - 10 / Math.sqrt(200 / 12)) < 1e-9)
    assert.equal(rankSumZ([{ old: [1, 1, 2], new: [1, 1, 2] }]), 0)
    assert.equal(rankSumZ([{ old: [3, 1], new: [2] }]), 0)
    assert.equal(rankSumZ([]), 0)
  })

  it('compare each service with itself: one path may carry more of what is slow', () => {
    const comparison = createComparison()
    for (let index = 0; index < 400; index += 1) {
      const isSlow = index % 10 === 0
      const noise = 1 + (index % 7) / 10
      comparison.add(sample({ arm: 'old', service: isSlow ? 'slow' : 'quick', latencyMs: (isSlow ? 900 : 30) * noise })) // prettier-ignore
      comparison.add(sample({ service: isSlow ? 'quick' : 'slow', latencyMs: (isSlow ? 30 : 900) * noise })) // prettier-ignore
    }
    const { decision, latency, tails } = comparison.state()
    assert.equal(decision, 'not worse')
    assert.ok(Math.abs((latency?.factor ?? 0) - 1) < 0.05)
    assert.ok(Math.abs((tails?.slow ?? 9) - (tails?.expected ?? 0)) < 3)
  })

  it('pass over differences below the tolerance', () => {
    const decide = (toleranceMs: number) => {
      const comparison = createComparison({ toleranceMs })
      for (let index = 0; index < 100; index += 1) {
        const noise = (index % 9) / 20
        comparison.add(sample({ arm: 'old', latencyMs: 2 + noise }))
        comparison.add(sample({ latencyMs: 4 + noise }))
      }
      return comparison.state().decision
    }
    assert.equal(decide(0), 'worse')
    assert.equal(decide(20), 'not worse')
  })

  it('do not hold against the new path what fails by the old one too', () => {
    const comparison = createComparison()
    for (let index = 0; index < 200; index += 1) {
      comparison.add(sample({ arm: 'old', instance: 'refused key', fault: 'status' }))
      comparison.add(sample({ arm: 'old', instance: 'well' }))
    }
    for (let index = 0; index < 30; index += 1)
      comparison.add(sample({ instance: 'refused key', fault: 'status' }))
    assert.equal(comparison.state().decision, 'hold')
    for (let index = 0; index < 30; index += 1)
      comparison.add(sample({ instance: 'well', fault: 'status' }))
    const { decision, errors } = comparison.state()
    assert.equal(decision, 'worse')
    assert.equal(errors.verdict, 'worse')
  })

  it('make nothing of a single error after a thousand good requests', () => {
    const known = Array.from({ length: 1_000 }, () => sample({ arm: 'old' }))
    const comparison = createComparison({ known })
    assert.equal(comparison.add(sample({ fault: 'status' })), 'hold')
    for (let index = 0; index < 99; index += 1) comparison.add(sample({}))
    assert.equal(comparison.add(sample({ fault: 'status' })), 'hold')
  })

  it('stay with worse once they have said it', () => {
    const comparison = createComparison()
    for (let index = 0; index < 20; index += 1) comparison.add(sample({ fault: 'status' }))
    const before = comparison.state()
    assert.equal(before.decision, 'worse')
    for (let index = 0; index < 900; index += 1) {
      comparison.add(sample({ arm: 'old' }))
      comparison.add(sample({}))
    }
    assert.deepEqual(comparison.state(), before)
  })
})
