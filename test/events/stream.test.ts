import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { randomUUID } from 'node:crypto'
import type { Caller } from '../../src/api/contract/access.ts'
import { silentLog } from '../../src/base/log.ts'
import { createEventFeed } from '../../src/events/feed.ts'
import { createEventRecorder } from '../../src/events/recorder.ts'
import {
  appendEvents, lastEventId, listEventsAfter, listNewestEvents, type EventFilter,
} from '../../src/store/events.ts' // prettier-ignore
import { migrateDatabase } from '../../src/store/migrate.ts'
import { startApi } from '../support/api.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { errorOf } from '../support/http.ts'
import { waitUntil } from '../support/wait-until.ts'

const ANNA = randomUUID()
const user = (over: Partial<Extract<Caller, { kind: 'user' }>> = {}): Caller => ({
  kind: 'user',
  userId: ANNA,
  scopes: ['read'],
  role: 'user',
  ...over,
})
const CALLERS: Record<string, Caller> = {
  brt_admin: { kind: 'admin' },
  brt_anna: user(),
  brt_anna_writes: user({ scopes: ['instances'] }),
  brt_operator: user({ scopes: ['admin'], role: 'operator' }),
}

onEveryDatabase('the stream of events', (database) => {
  let api: Awaited<ReturnType<typeof startApi>>
  const recorder = createEventRecorder({ log: silentLog })
  let feed: ReturnType<typeof createEventFeed<EventFilter>>
  const leaving: (() => void)[] = []

  before(async () => {
    await migrateDatabase(database(), MIGRATIONS)
    recorder.writeTo((writer, events) => appendEvents(database(), writer, events))
    feed = createEventFeed<EventFilter>({
      read: (filter, range) => listEventsAfter(database(), filter, range),
      lastId: () => lastEventId(database()),
      onWritten: recorder.onWritten,
      log: silentLog,
      pollMs: 20,
      heartbeatMs: 50,
    })
    api = await startApi({
      identify: (token) => Promise.resolve(CALLERS[token]),
      events: {
        follow: feed.follow,
        newest: (filter, range) => listNewestEvents(database(), filter, range),
      },
    })
  })
  beforeEach(() => database().script('truncate events'))
  afterEach(() => {
    for (const leave of leaving.splice(0)) leave()
  })
  after(async () => {
    feed.close()
    await api.stop()
    await recorder.stop()
  })

  /** A client of the stream; it collects what comes. */
  const follow = async (query = '', headers: Record<string, string> = {}) => {
    const asked = request({
      port: api.port,
      path: `/api/v1/events${query}`,
      headers: { authorization: 'Bearer brt_admin', ...headers },
      agent: false,
    })
    asked.on('error', () => undefined)
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    let text = ''
    answer.setEncoding('utf8').on('data', (more: string) => (text += more))
    answer.on('error', () => undefined)
    leaving.push(() => asked.destroy())
    const messages = () => [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => (JSON.parse(json!) as { message: string }).message) // prettier-ignore
    return {
      answer,
      messages,
      text: () => text,
      lastId: () => [...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1] ?? '',
      leave: () => asked.destroy(),
      has: (count: number) => waitUntil(`${count} events came`, () => messages().length >= count),
      /** It listens from now on. */
      listens: () => waitUntil('a sign of life came', () => /^id: /m.test(text)),
    }
  }
  const record = (...messages: string[]) => {
    for (const message of messages)
      recorder.record({ type: 'service.state', service: 'widgets', message })
  }

  it('tells what happens from now on, in its order, with ids', async () => {
    record('before')
    await waitUntil('it is written', async () => (await lastEventId(database())) > 0)
    const client = await follow()
    assert.equal(client.answer.headers['content-type'], 'text/event-stream; charset=utf-8')
    await client.listens()
    record('a', 'b', 'c')
    await client.has(3)
    assert.deepEqual(client.messages(), ['a', 'b', 'c'])
    assert.match(client.text(), /^retry: 2000\n\n/)
    assert.match(client.text(), /\nid: \d+\nevent: service.state\ndata: \{"id":\d+,/)
  })

  it('misses nothing and tells nothing twice over a break, whoever writes meanwhile', async () => {
    const first = await follow()
    await first.listens()
    record('a', 'b')
    await first.has(2)
    first.leave()
    const other = { id: randomUUID(), batch: 1 }
    const events = ['c', 'd'].map((message) => ({ at: new Date(), type: 'migration.run' as const, message, data: '{}' })) // prettier-ignore
    await appendEvents(database(), other, events)
    const again = await follow('', { 'last-event-id': first.lastId() })
    await again.has(2)
    await appendEvents(database(), { ...other, batch: 2 }, events.slice(0, 1))
    await again.has(3)
    assert.deepEqual(again.messages(), ['c', 'd', 'c'])
  })

  it('tells a user of their own instances alone, and lets only who may read follow', async () => {
    const anna = await follow('', { authorization: 'Bearer brt_anna' })
    const operator = await follow('', { authorization: 'Bearer brt_operator' })
    await anna.listens()
    await operator.listens()
    record('of the fleet')
    recorder.record({ type: 'key.invalid', userId: randomUUID(), message: 'of ben' })
    recorder.record({ type: 'key.invalid', userId: ANNA, message: 'of anna' })
    await operator.has(3)
    await anna.has(1)
    assert.deepEqual(anna.messages(), ['of anna'])
    const headers = { authorization: 'Bearer brt_anna_writes' }
    for (const path of ['/api/v1/events', '/api/v1/events/history'])
      assert.equal(errorOf(await api.call(`GET ${path}`, { headers })).code, 'forbidden')
    const list = await api.call('GET /api/v1/events/history', { headers: { authorization: 'Bearer brt_anna' } }) // prettier-ignore
    const { events } = list.body as { events: { message: string }[] }
    assert.deepEqual(events.map(({ message }) => message), ['of anna']) // prettier-ignore
  })

  it('filters, and goes on behind what it left out', async () => {
    const client = await follow('?type=key.,oauth.&service=widgets')
    await client.listens()
    const before = client.lastId()
    recorder.record({ type: 'key.valid', service: 'gadgets', message: 'other service' })
    recorder.record({ type: 'service.state', service: 'widgets', message: 'other type' })
    await waitUntil('the id went on', () => client.lastId() !== before)
    recorder.record({ type: 'key.invalid', service: 'widgets', message: 'right' })
    await client.has(1)
    assert.deepEqual(client.messages(), ['right'])
  })

  it('pages through what happened, newest first', async () => {
    record('a', 'b', 'c')
    await waitUntil('all are written', async () => (await listNewestEvents(database(), {}, { limit: 9 })).length === 3) // prettier-ignore
    type Page = { events: { message: string }[]; nextCursor: string | null }
    const first = (await api.call('GET /api/v1/events/history?limit=2')).body as Page
    const second = (await api.call(`GET /api/v1/events/history?limit=2&cursor=${first.nextCursor}`))
      .body as Page
    assert.deepEqual([...first.events, ...second.events].map(({ message }) => message), ['c', 'b', 'a']) // prettier-ignore
    assert.equal(second.nextCursor, null)
  })

  it('refuses an id that is none', async () => {
    const headers = { 'last-event-id': 'yesterday' }
    assert.equal(errorOf(await api.call('GET /api/v1/events', { headers })).code, 'invalid_request')
  })
})

describe('the feed of events', () => {
  const feedOver = (read: () => Promise<never[]>) =>
    createEventFeed<object>({
      read,
      lastId: () => Promise.resolve(5),
      onWritten: () => () => undefined,
      log: silentLog,
      pollMs: 1,
      heartbeatMs: 5,
    })

  it('goes on when the database was away, and ends when it is closed', async () => {
    let fails = 2
    const feed = feedOver(() => {
      if (fails > 0) return Promise.reject(new TypeError(`away ${fails--}`))
      return Promise.resolve([])
    })
    const lasts: number[] = []
    for await (const { last } of await feed.follow({}, 0)) {
      lasts.push(last)
      if (last === 5) feed.close()
    }
    assert.equal(lasts.at(-1), 5)
    assert.equal(fails, 0)
  })

  it('bounds how many follow', async () => {
    const feed = feedOver(() => Promise.resolve([]))
    const iterators = []
    for (let count = 0; count < 200; count++) {
      const iterator = (await feed.follow({}, 0))[Symbol.asyncIterator]()
      await iterator.next()
      iterators.push(iterator)
    }
    await assert.rejects(feed.follow({}, 0), { code: 'too_many_requests' })
    await iterators[0]!.return?.()
    await feed.follow({}, 0)
    feed.close()
    for (const iterator of iterators) await iterator.return?.()
  })
})
