import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { NewEvent } from '../../src/model/event.ts'
import { pruneBatchWriters } from '../../src/store/batch-writers.ts'
import {
  appendEvents, lastEventId, listEventsAfter, listNewestEvents, pruneEvents,
} from '../../src/store/events.ts' // prettier-ignore
import { migrateDatabase } from '../../src/store/migrate.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'

const event = (message: string, over: Partial<NewEvent> = {}): NewEvent => ({
  at: new Date(),
  type: 'service.state',
  message,
  data: '{"to":"healthy"}',
  ...over,
})

onEveryDatabase('the table of events', (database) => {
  before(() => migrateDatabase(database(), MIGRATIONS))
  beforeEach(() => database().script('truncate events, batch_writers'))

  const append = (events: NewEvent[], writer = { id: randomUUID(), batch: 1 }) =>
    appendEvents(database(), writer, events)
  const listed = async (filter = {}, over: { after?: number; limit?: number } = {}) => {
    const upTo = await lastEventId(database())
    const range = { after: 0, upTo, limit: 1_000, ...over }
    return (await listEventsAfter(database(), filter, range)).map(({ message }) => message)
  }

  it('keeps events as they were, in their order, and a batch only once', async () => {
    const id = randomUUID()
    const userId = randomUUID()
    const whole = event('a', { service: 'widgets', instanceId: 'wid_1', userId })
    await append([whole, event('b')], { id, batch: 1 })
    await append([whole, event('b')], { id, batch: 1 })
    await append([event('c')], { id, batch: 2 })
    assert.deepEqual(await listed(), ['a', 'b', 'c'])
    const [first] = await listEventsAfter(database(), {}, { after: 0, upTo: 1e9, limit: 1 })
    const { at, type, service, instanceId, data } = first!
    assert.deepEqual(
      { at, type, service, instanceId, userId: first!.userId, message: first!.message, data },
      { ...whole, data: { to: 'healthy' } },
    )
  })

  it('shows nobody an id before a smaller one, though many write at once', async () => {
    const seen: number[] = []
    const writing = { isDone: false }
    const reading = (async () => {
      for (let last = 0; ;) {
        const wasDone = writing.isDone
        const upTo = await lastEventId(database())
        const page = await listEventsAfter(database(), {}, { after: last, upTo, limit: 50 })
        seen.push(...page.map(({ id }) => id))
        last = page.at(-1)?.id ?? last
        if (wasDone && page.length === 0) return
      }
    })()
    const batches = Array.from({ length: 60 }, (_, index) => [event(`${index}`), event(`${index}`)])
    await Promise.all(batches.map((batch) => append(batch)))
    writing.isDone = true
    await reading
    assert.equal(seen.length, 120)
    assert.equal(new Set(seen).size, 120)
  })

  it('filters by beginnings of types, service, instance and user', async () => {
    const userId = randomUUID()
    await append([
      event('a', { service: 'widgets' }),
      event('b', { type: 'key.invalid', service: 'gadgets', instanceId: 'gad_1', userId }),
      event('c', { type: 'deployment.applied' }),
    ])
    assert.deepEqual(await listed({ types: ['key.', 'deployment.applied'] }), ['b', 'c'])
    assert.deepEqual(await listed({ types: ['%'] }), [])
    assert.deepEqual(await listed({ service: 'widgets' }), ['a'])
    assert.deepEqual(await listed({ instanceId: 'gad_1', userId }), ['b'])
    assert.deepEqual(await listed({ userId: randomUUID() }), [])
    const newest = await listNewestEvents(database(), {}, { limit: 2 })
    assert.deepEqual(newest.map(({ message }) => message), ['c', 'b']) // prettier-ignore
    const before = await listNewestEvents(database(), {}, { limit: 2, before: newest[1]!.id })
    assert.deepEqual(before.map(({ message }) => message), ['a']) // prettier-ignore
  })

  it('forgets what is old', async () => {
    const old = new Date(Date.now() - 31 * 86_400_000)
    await append([event('old', { at: old }), event('new')])
    await database().query(`update batch_writers set seen_at = now() - interval '8 days'`)
    await pruneEvents(database())
    await pruneBatchWriters(database())
    assert.deepEqual(await listed(), ['new'])
    assert.deepEqual(await database().query('select id from batch_writers'), [])
  })
})
