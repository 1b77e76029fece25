import assert from 'node:assert/strict'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { addUsage, pruneUsage, type UsageRow } from '../../src/store/usage.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'

const ANNA = '1a2b3c4d-0000-4000-8000-000000000000'

const row = (handle: string, over: Partial<UsageRow> = {}): UsageRow => ({
  handle,
  userId: ANNA,
  service: 'widgets',
  lastUsedAt: new Date('2030-01-01'),
  requests: 3,
  errors: 1,
  bytesIn: 10,
  bytesOut: 20,
  latencyMs: 1.6,
  streams: 1,
  ...over,
})

onEveryDatabase('stored usage', (database) => {
  before(async () => {
    await migrateDatabase(database(), MIGRATIONS)
    await database().script(`
      insert into users (id, email) values ('${ANNA}', 'anna@example.com');
      insert into user_service_instances
        (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
        select 'h' || n, '${ANNA}', 's' || n, 'v1', '', 'v1' from generate_series(1, 9) as n`)
  })
  beforeEach(() => database().script('delete from service_usage'))

  const stored = (handle: string) =>
    database().query(
      `select usage_count::int as count, last_used_at as at, requests::int, errors::int, bytes_in::int, bytes_out::int,
         latency_ms::int, streams::int
       from user_service_instances join service_usage using (instance_id) where instance_id = $1`,
      [handle],
    )

  it('adds up, by instance and by hour', async () => {
    const older = row('h1', { lastUsedAt: new Date('2029-01-01') })
    await addUsage(database(), [row('h2'), row('h1')])
    await addUsage(database(), [older])
    const sums = { requests: 6, errors: 2, bytes_in: 20, bytes_out: 40, latency_ms: 4, streams: 2 }
    assert.deepEqual(await stored('h1'), [{ count: 6, at: new Date('2030-01-01'), ...sums }])
    assert.equal((await stored('h2'))[0]?.['count'], 3)
  })

  it('is kept of an instance that is gone meanwhile', async () => {
    await addUsage(database(), [row('gone')])
    const kept = await database().query('select requests::int from service_usage')
    assert.deepEqual(kept, [{ requests: 3 }])
  })

  it('may be added by many at once, in any order', async () => {
    const rows = ['h3', 'h4', 'h5', 'h6', 'h7', 'h8'].map((handle) => row(handle))
    const batches = Array.from({ length: 8 }, (_, index) =>
      addUsage(database(), index % 2 ? rows : [...rows].reverse()),
    )
    await Promise.all(batches)
    assert.equal((await stored('h5'))[0]?.['requests'], 24)
  })

  it('is forgotten when it is old', async () => {
    await addUsage(database(), [row('h1'), row('h2')])
    await database().script(
      `update service_usage set hour = now() - interval '91 days' where instance_id = 'h1'`,
    )
    await pruneUsage(database())
    assert.equal((await stored('h1')).length, 0)
    assert.equal((await stored('h2')).length, 1)
  })
})
