import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { HealthHour, HealthStatus } from '../../src/model/health.ts'
import {
  listHealthHours, listHealthStatus, listUptimes, pruneHealth, writeHealth,
} from '../../src/store/health.ts' // prettier-ignore
import { migrateDatabase } from '../../src/store/migrate.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const thisHour = () => Date.now() - (Date.now() % HOUR_MS)

const hour = (ago: number, over: Partial<HealthHour> = {}): HealthHour => ({
  service: 'widgets',
  hour: new Date(thisHour() - ago),
  checks: 4,
  failures: 1,
  upMs: 75_000,
  downMs: 25_000,
  responseMs: 12.4,
  maxResponseMs: 6.6,
  ...over,
})
const status = (over: Partial<HealthStatus> = {}): HealthStatus => ({
  service: 'widgets',
  state: 'degraded',
  since: new Date(1_000),
  cause: 'timeout',
  reason: 'no answer',
  lastCheck: new Date(),
  responseMs: 3,
  consecutiveFailures: 1,
  ...over,
})

onEveryDatabase('the tables of health', (database) => {
  before(() => migrateDatabase(database(), MIGRATIONS))
  beforeEach(() => database().script('truncate service_health_status, service_health_hours'))

  const write = (hours: HealthHour[], statuses = [status()], writer = { id: randomUUID(), batch: 1 }) => writeHealth(database(), writer, { statuses, hours }) // prettier-ignore

  it('keep the last status, add to the sums of an hour, and take a batch once', async () => {
    const writer = { id: randomUUID(), batch: 1 }
    await write([hour(0)], [status()], writer)
    await write([hour(0)], [status()], writer)
    const later = status({ state: 'healthy', cause: null, reason: null, consecutiveFailures: 0 })
    await write([hour(0, { maxResponseMs: 9 })], [later], { ...writer, batch: 2 })
    assert.deepEqual(await listHealthStatus(database()), [later])
    assert.deepEqual(await listHealthStatus(database(), 'gadgets'), [])
    assert.deepEqual(await listHealthHours(database(), 'widgets', 10), [
      { ...hour(0), checks: 8, failures: 2, upMs: 150_000, downMs: 50_000, responseMs: 24, maxResponseMs: 9 },
    ]) // prettier-ignore
  })

  it('tell the uptime of a day, a week and a month, and nothing of what nobody watched', async () => {
    await write([
      hour(0),
      hour(2 * DAY_MS, { upMs: 0, downMs: 100_000 }),
      hour(20 * DAY_MS, { upMs: 200_000, downMs: 0 }),
      hour(20 * DAY_MS, { service: 'gadgets' }),
    ])
    const uptimes = await listUptimes(database())
    assert.deepEqual(uptimes.get('widgets'), { day: 75, week: 37.5, month: 68.75 })
    assert.deepEqual(uptimes.get('gadgets'), { day: null, week: null, month: 75 })
  })

  it('forget what is old', async () => {
    await write(
      [hour(91 * DAY_MS), hour(89 * DAY_MS)],
      [status({ lastCheck: new Date(Date.now() - 31 * DAY_MS) })],
    )
    await pruneHealth(database())
    assert.equal((await listHealthHours(database(), 'widgets', 10)).length, 1)
    assert.deepEqual(await listHealthStatus(database()), [])
  })
})
