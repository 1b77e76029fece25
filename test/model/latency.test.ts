import assert from 'node:assert/strict'
import { addLatency, bucketOf, emptyBuckets, LATENCY_BOUNDS_MS, percentileOf } from '../../src/model/latency.ts' // prettier-ignore
import { createTally } from '../../src/model/tally.ts'

describe('latencies in buckets', () => {
  it('belong to the first bound that they do not exceed', () => {
    assert.deepEqual([0, 1, 1.01, 30_000, 30_001].map(bucketOf), [0, 0, 1, 15, 16])
    assert.equal(emptyBuckets().length, LATENCY_BOUNDS_MS.length + 1)
  })

  it('give percentiles to the accuracy of a bucket, the same however they are summed', () => {
    assert.equal(percentileOf(emptyBuckets(), 0.95), null)
    const [one, other] = [emptyBuckets(), emptyBuckets()]
    for (let ms = 1; ms <= 1_000; ms++) addLatency(ms % 2 ? one : other, ms)
    const sum = one.map((count, index) => count + (other[index] ?? 0))
    for (const part of [0.5, 0.95, 0.99]) {
      const found = percentileOf(sum, part) ?? 0
      assert.ok(Math.abs(found - part * 1_000) < 2, `${part}: ${found}`)
    }
    const slow = emptyBuckets()
    addLatency(slow, 1e9)
    assert.equal(percentileOf(slow, 0.5), 30_000)
  })
})

describe('a tally', () => {
  it('has a bound on its words', () => {
    const tally = createTally()
    for (let n = 0; n < 10_000; n++) tally.count(`word ${n}`)
    assert.ok(tally.counts().size <= 501)
    assert.equal(
      [...tally.counts().values()].reduce((a, b) => a + b),
      10_000,
    )
  })
})
