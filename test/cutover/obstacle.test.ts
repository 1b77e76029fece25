import assert from 'node:assert/strict'
import { createComparison } from '../../src/cutover/comparison/comparison.ts'
import { obstacleOf } from '../../src/cutover/obstacles.ts'
import type { CutoverState } from '../../src/model/cutover.ts'

const ROUTING: CutoverState = {
  step: 'routing', isDone: true, problem: null, isStuck: false, percents: [5, 50, 100], stage: 0, toleranceMs: 0,
  toolErrors: true, isAutomatic: true, notice: '', hasStopped: true, skippedHook: null, ending: null,
} // prettier-ignore

describe('what keeps a cutover where it is', () => {
  const afterOld = (requests: number) => {
    const comparison = createComparison()
    for (let index = 0; index < requests; index++)
      comparison.add({ arm: 'old', service: 'widgets', instance: 'i', latencyMs: 1, fault: null }) // prettier-ignore
    return comparison.state()
  }

  it('is no share without an instance that is used, when a larger one comes next', () => {
    assert.equal(obstacleOf(ROUTING, afterOld(500)), undefined)
  })

  it('is the last share that can be compared, when nobody uses an instance of it, with the way on', () => {
    const last = { ...ROUTING, stage: 1 }
    assert.match(obstacleOf(last, afterOld(500)) ?? '', /50 % of the instances.*advance --force/)
  })

  it('is not said before that is clear', () => {
    assert.match(obstacleOf(ROUTING, afterOld(499)) ?? '', /not known yet/)
  })
})
