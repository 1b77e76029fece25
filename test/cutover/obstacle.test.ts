import assert from 'node:assert/strict'
import { createComparison } from '../../src/cutover/comparison/comparison.ts'
import { obstacleOf } from '../../src/cutover/walk.ts'
import type { CutoverState } from '../../src/model/cutover.ts'

const ROUTING: CutoverState = {
  step: 'routing', isDone: true, problem: null, isStuck: false, percents: [5, 100], stage: 0, toleranceMs: 0,
  toolErrors: true, isAutomatic: true, notice: '', hasStopped: true, ending: null,
} // prettier-ignore

describe('what keeps a cutover where it is', () => {
  const afterOld = (requests: number) => {
    const comparison = createComparison()
    for (let index = 0; index < requests; index++)
      comparison.add({ arm: 'old', service: 'widgets', instance: 'i', latencyMs: 1, fault: null }) // prettier-ignore
    return comparison.state()
  }

  it('is said when a share holds no instance that is used, with the way on', () => {
    assert.match(obstacleOf(ROUTING, afterOld(500)) ?? '', /5 % of the instances.*advance --force/)
  })

  it('is not said before that is clear', () => {
    assert.match(obstacleOf(ROUTING, afterOld(499)) ?? '', /not known yet/)
  })
})
