import assert from 'node:assert/strict'
import { silentLog } from '../../src/base/log.ts'
import type { Checked } from '../../src/health/asking.ts'
import { createHealthHistory, type WriteHealth } from '../../src/health/history.ts'
import type { ProbeResult } from '../../src/health/probe.ts'
import { initialHealth, nextHealth } from '../../src/health/states.ts'
import type { HealthHour } from '../../src/model/health.ts'

const START = Date.UTC(2026, 0, 1, 12, 59, 0)
const UP: ProbeResult = { ok: true, planned: false, responseMs: 4 }
const DOWN: ProbeResult = { ok: false, cause: 'timeout', reason: 'no answer' }

/** A history whose clock goes on by 30 s with each probe, and a table that may be away. */
const setUp = () => {
  const clock = { ms: START }
  const table = { isAway: false, loses: false, last: 0, hours: [] as HealthHour[], states: [] as string[] } // prettier-ignore
  const write: WriteHealth = async ({ batch }, { hours, statuses }) => {
    await Promise.resolve()
    if (table.isAway) throw new TypeError('away')
    if (batch > table.last) {
      table.hours.push(...hours)
      table.states.push(...statuses.map(({ service, state }) => `${service} ${state}`))
    }
    table.last = batch
    if (table.loses) throw new TypeError('the answer was lost')
  }
  const history = createHealthHistory({ log: silentLog, intervalMs: 3_600_000, now: () => new Date(clock.ms) }) // prettier-ignore
  history.writeTo(write)
  let health = initialHealth(new Date(START))
  const probe = (...results: ProbeResult[]) => {
    for (const result of results) {
      const before = health
      health = nextHealth(before, result, new Date(clock.ms))
      history.note({ service: 'widgets', before, after: health, result } satisfies Checked)
      clock.ms += 30_000
    }
  }
  const sum = (name: 'checks' | 'failures' | 'upMs' | 'downMs' | 'responseMs') =>
    table.hours.reduce((total, hour) => total + hour[name], 0)
  return { history, probe, table, sum }
}

describe('the history of health', () => {
  it('sums up probes by hour, and time by the probe before it', async () => {
    const { history, probe, table } = setUp()
    probe(UP, UP, DOWN, DOWN, UP)
    await history.flush()
    assert.deepEqual(table.hours.map(({ hour, ...sums }) => ({ at: hour.getUTCHours(), ...sums })), [
      { at: 12, service: 'widgets', checks: 2, failures: 0, upMs: 30_000, downMs: 0, responseMs: 8, maxResponseMs: 4 },
      { at: 13, service: 'widgets', checks: 3, failures: 2, upMs: 30_000, downMs: 60_000, responseMs: 4, maxResponseMs: 4 },
    ]) // prettier-ignore
    assert.deepEqual(table.states, ['widgets healthy'])
    await history.stop()
  })

  it('loses nothing while the database is away, and counts nothing twice when an answer was lost', async () => {
    const { history, probe, table, sum } = setUp()
    probe(UP)
    table.isAway = true
    await history.flush()
    probe(UP, DOWN)
    await history.flush()
    table.isAway = false
    table.loses = true
    await history.flush()
    table.loses = false
    probe(DOWN)
    await history.flush()
    await history.stop()
    assert.deepEqual([sum('checks'), sum('failures'), sum('upMs'), sum('downMs')], [4, 2, 60_000, 30_000]) // prettier-ignore
  })

  it('has no past of a service that is starting', async () => {
    const { history, probe, sum } = setUp()
    probe(DOWN, DOWN, UP)
    await history.stop()
    assert.deepEqual([sum('checks'), sum('failures'), sum('downMs')], [1, 0, 0])
  })
})
