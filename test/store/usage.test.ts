import assert from 'node:assert/strict'
import { migrateDatabase } from '../../src/store/migrate.ts'
import type { Usage } from '../../src/model/usage.ts'
import { addUsage, rollUpUsage } from '../../src/store/usage.ts'
import { listIdleInstances, sumUsage } from '../../src/store/usage-sums.ts'
import type { UsageQuery } from '../../src/model/usage.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'

const ANNA = '1a2b3c4d-0000-4000-8000-000000000000'

const row = (handle: string, over: Partial<Usage> = {}): Usage => ({
  handle,
  tool: '',
  userId: ANNA,
  service: 'widgets',
  lastUsedAt: new Date('2030-01-01'),
  requests: 3,
  errors: 1,
  bytesIn: 10,
  bytesOut: 20,
  latencyMs: 1.6,
  streams: 1,
  latency: [1, 1],
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
  beforeEach(() => database().script('delete from service_usage; delete from service_usage_daily'))

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

  it('is counted by tool, and once for the instance', async () => {
    await addUsage(database(), [row('h9', { tool: 'get' }), row('h9', { tool: 'add' }), row('h9')])
    const tools = await database().query(`select tool, usage_count::int as count from service_usage join user_service_instances using (instance_id) where instance_id = 'h9' order by tool`) // prettier-ignore
    assert.deepEqual(tools, ['', 'add', 'get'].map((tool) => ({ tool, count: 9 }))) // prettier-ignore
  })

  const ago = (days: number) => new Date(Date.now() - days * 86_400_000)
  const sums = (query: Partial<UsageQuery>) =>
    sumUsage(database(), { from: ago(1_000), to: new Date(Date.now() + 3_600_000), by: 'service', limit: 100, ...query }) // prettier-ignore
  const age = (handle: string, days: number, hour = 0) =>
    database().query(`update service_usage set hour = date_trunc('day', now() at time zone 'utc') at time zone 'utc' - make_interval(days => $2, hours => $3) where instance_id = $1 and hour = date_trunc('hour', now())`, [handle, days, -hour]) // prettier-ignore

  it('becomes days when it is old, and is forgotten when it is very old; no sum changes by it', async () => {
    const latency = (bucket: number) => Array.from({ length: 17 }, (_, n) => (n === bucket ? 3 : 0))
    for (const hour of [1, 2, 23]) {
      await addUsage(database(), [row('h1', { tool: 'get', latency: latency(hour === 23 ? 9 : 4) })]) // prettier-ignore
      await age('h1', 91, hour)
    }
    await addUsage(database(), [row('h2')])
    const before = await sums({ by: 'instance', per: 'day' })
    const [old] = before
    assert.deepEqual([old?.name, old?.requests, old?.errors, old?.meanLatencyMs], ['h1', 9, 3, 1])
    assert.deepEqual([Math.round(old?.p50Ms ?? 0), Math.round(old?.p95Ms ?? 0)], [21, 462])
    await rollUpUsage(database())
    await rollUpUsage(database())
    assert.deepEqual(await sums({ by: 'instance', per: 'day' }), before)
    const count = async (table: string) => (await database().query(`select 1 from ${table}`)).length
    assert.deepEqual([await count('service_usage'), await count('service_usage_daily')], [1, 1])
    await database().script(`update service_usage_daily set hour = now() - interval '3 years'`)
    await rollUpUsage(database())
    assert.equal(await count('service_usage_daily'), 0)
  })

  it('is summed by service, user, instance and tool, of all or of one', async () => {
    await addUsage(database(), [row('h1', { tool: 'get' }), row('h1'), row('h2', { service: 'nuts' })]) // prettier-ignore
    const names = async (query: Partial<UsageQuery>) => (await sums(query)).map(({ name, requests }) => [name, requests]) // prettier-ignore
    assert.deepEqual(await names({}), [['widgets', 6], ['nuts', 3]]) // prettier-ignore
    assert.deepEqual(await names({ by: 'user' }), [['anna@example.com', 9]])
    assert.deepEqual(await names({ by: 'tool', service: 'widgets' }), [['widgets/', 3], ['widgets/get', 3]]) // prettier-ignore
    assert.deepEqual(await names({ by: 'instance', email: 'anna@example.com', limit: 1 }), [['h1', 6]]) // prettier-ignore
    assert.deepEqual(await names({ userId: '1a2b3c4d-0000-4000-8000-000000000001' }), [])
  })

  it('of none is an idle instance', async () => {
    await database().script(`update user_service_instances set created_at = now() - interval '40 days', last_used_at = null`) // prettier-ignore
    await addUsage(database(), [row('h1', { lastUsedAt: ago(20) })])
    await database().script(`update user_service_instances set last_used_at = now() - interval '35 days' where instance_id = 'h2'`) // prettier-ignore
    await database().script(`update user_service_instances set created_at = now() where instance_id = 'h4'`) // prettier-ignore
    await database().script(`update user_service_instances set is_active = false where instance_id = 'h5'`) // prettier-ignore
    const idle = await listIdleInstances(database(), { before: ago(30), limit: 100 })
    assert.deepEqual(idle.map(({ instanceId }) => instanceId), ['h3', 'h6', 'h7', 'h8', 'h9', 'h2']) // prettier-ignore
  })
})
