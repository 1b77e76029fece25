import assert from 'node:assert/strict'
import type { ProbeResult } from '../../src/health/probe.ts'
import { initialHealth, nextHealth, type Health } from '../../src/health/states.ts'

const UP: ProbeResult = { ok: true, planned: false, responseMs: 1 }
const PLANNED: ProbeResult = { ok: true, planned: true, responseMs: 1 }
const DOWN: ProbeResult = { ok: false, cause: 'refused', reason: 'closed' }

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))

/** The healths after each probe; the first probe is at second 1. */
const live = (...results: ProbeResult[]): Health[] => {
  const healths: Health[] = []
  for (const [index, result] of results.entries())
    healths.push(nextHealth(healths[index - 1] ?? initialHealth(at(0)), result, at(index + 1)))
  return healths
}
const states = (...results: ProbeResult[]) => live(...results).map(({ state }) => state)

describe('the health of a service', () => {
  it('is starting until it has answered once, however often it fails before', () => {
    assert.equal(initialHealth(at(0)).state, 'starting')
    assert.deepEqual(states(DOWN, DOWN, DOWN, DOWN, UP), [
      ...['starting', 'starting', 'starting', 'starting'],
      'healthy',
    ])
  })

  it('is unhealthy soon when a stranger has its port: that is no start', () => {
    const STRANGE: ProbeResult = { ok: false, cause: 'stranger', reason: 'held' }
    assert.deepEqual(states(STRANGE, STRANGE, STRANGE, STRANGE, STRANGE, UP), [
      ...['starting', 'starting', 'starting', 'starting', 'unhealthy'],
      'healthy',
    ])
  })

  it('is degraded by a first failure, unhealthy by the third in a row', () => {
    assert.deepEqual(states(UP, DOWN, DOWN, DOWN, DOWN), [
      ...['healthy', 'degraded', 'degraded'],
      ...['unhealthy', 'unhealthy'],
    ])
  })

  it('is healthy again by one answer, and counts failures anew after it', () => {
    assert.deepEqual(states(UP, DOWN, DOWN, DOWN, UP, DOWN, DOWN, UP, DOWN), [
      ...['healthy', 'degraded', 'degraded', 'unhealthy'],
      ...['healthy', 'degraded', 'degraded', 'healthy', 'degraded'],
    ])
  })

  it('is planned while it offers no tools, and healthy once it does', () => {
    assert.deepEqual(states(PLANNED, PLANNED, UP), ['planned', 'planned', 'healthy'])
    assert.deepEqual(states(PLANNED, DOWN, PLANNED), ['planned', 'degraded', 'planned'])
  })

  it('keeps the begin of a state while it lasts', () => {
    const since = live(UP, UP, DOWN, DOWN, DOWN, DOWN, UP).map((health) => health.since)
    assert.deepEqual(since, [at(1), at(1), at(3), at(3), at(5), at(5), at(7)])
  })

  it('says why while it fails, and forgets it then', () => {
    const reasons = live(DOWN, UP, DOWN, UP).map(({ reason }) => reason)
    assert.deepEqual(reasons, ['closed', undefined, 'closed', undefined])
  })

  it('is degraded while it answers with something wrong, and never unhealthy by that', () => {
    const slow: ProbeResult = { ...UP, concern: { cause: 'slow', reason: 'late' } }
    assert.deepEqual(states(UP, slow, slow, slow, slow, UP), [
      ...['healthy', 'degraded', 'degraded', 'degraded', 'degraded'],
      'healthy',
    ])
    assert.deepEqual(live(UP, slow).at(-1)?.cause, 'slow')
    assert.deepEqual(live(UP, DOWN).at(-1)?.cause, 'refused')
  })

  it('does not start for ever', () => {
    const before = initialHealth(at(0))
    assert.equal(nextHealth(before, DOWN, at(59)).state, 'starting')
    assert.equal(nextHealth(before, DOWN, at(60)).state, 'unhealthy')
  })
})
