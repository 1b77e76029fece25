import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { silentLog } from '../../src/base/log.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import { createWebhookParts } from '../../src/compose/observation/webhooks.ts'
import { createEventFeed } from '../../src/events/feed.ts'
import { createEventRecorder } from '../../src/events/recorder.ts'
import { appendEvents, lastEventId, listEventsAfter, type EventFilter } from '../../src/store/events.ts' // prettier-ignore
import { onEveryDatabase } from '../support/databases.ts'
import { MIB, residentBytes } from '../support/memory.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const PER_SECOND = 10_000
const SECONDS = 5
const TICK_MS = 10
const TOTAL = PER_SECOND * SECONDS
/** One service in so many is what the webhook hears of: it gets one message at a time. */
const SERVICES = 20
const MAX_GROWTH = 250 * MIB

onEveryDatabase(`${PER_SECOND} events a second`, (database) => {
  const temp = useTempFolder()
  const ends: (() => Promise<unknown> | undefined)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  /** Collects the numbers of all events that a follower gets, a page at a time. */
  const follow = (
    feed: ReturnType<typeof createEventFeed<EventFilter>>,
    pauseMs: number,
  ): number[] => {
    const numbers: number[] = []
    const read = async () => {
      for await (const { events } of await feed.follow({}, 0)) {
        numbers.push(...events.map(({ message }) => Number(message)))
        if (events.length > 0) await delay(pauseMs)
      }
    }
    void read()
    return numbers
  }
  const startTarget = async () => {
    const state = { isDown: true, taken: [] as number[] }
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        if (!state.isDown) state.taken.push(Number((JSON.parse(body) as { data: { message: string } }).data.message)) // prettier-ignore
        response.writeHead(state.isDown ? 503 : 200).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ends.push(() => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    })
    return { state, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  it('reach the table, a slow follower and a webhook whose target was down, in their order, in bounded memory', async function () {
    this.timeout(180_000)
    const config = readConfig({ BERTH_HOME: join(temp(), database().kind) })
    prepareHome(config.home, config.pm2Home)
    const vault = await prepareDatabase(config, database())
    const recorder = createEventRecorder({ log: silentLog })
    recorder.writeTo((writer, events) => appendEvents(database(), writer, events))
    const feed = createEventFeed<EventFilter>({
      read: (filter, range) => listEventsAfter(database(), filter, range),
      lastId: () => lastEventId(database()),
      onWritten: recorder.onWritten,
      log: silentLog,
    })
    const hooks = createWebhookParts({ database: database(), vault, recordEvent: () => undefined, log: silentLog, pollMs: 50 }) // prettier-ignore
    const { state: target, url } = await startTarget()
    const closeFeed = () => {
      feed.close()
      return undefined
    }
    ends.push(hooks.runnable.stop, closeFeed, recorder.stop)
    await hooks.webhooks.add({ url, types: [], service: 's0', allowPrivate: true })
    await hooks.runnable.start()
    const [quick, slow] = [follow(feed, 0), follow(feed, 100)]

    const before = residentBytes(process.pid)
    let most = before
    const measure = setInterval(() => (most = Math.max(most, residentBytes(process.pid))), 50)
    const startedAt = performance.now()
    for (let count = 0; count < TOTAL;) {
      const due = Math.min(TOTAL, ((performance.now() - startedAt) / 1_000) * PER_SECOND)
      for (; count < due; count++)
        recorder.record({ type: 'service.state', service: `s${count % SERVICES}`, message: String(count), data: { from: 'healthy', to: 'degraded' } }) // prettier-ignore
      await delay(TICK_MS)
    }
    const recordedMs = performance.now() - startedAt
    await waitUntil('the quick one has all', () => quick.length >= TOTAL, 60_000)
    const quickMs = performance.now() - startedAt
    target.isDown = false
    await waitUntil('the webhook is asked again', async () => {
      await database().script('update webhooks set try_at = now()') // else it waits as long as it was down
      return target.taken.length >= TOTAL / SERVICES
    }, 90_000) // prettier-ignore
    await waitUntil('the slow one has all', () => slow.length >= TOTAL, 90_000)
    clearInterval(measure)

    const all = Array.from({ length: TOTAL }, (_, index) => index)
    assert.deepEqual(quick, all)
    assert.deepEqual(slow, all)
    const distinct = [...new Set(target.taken)]
    assert.deepEqual(distinct, all.filter((index) => index % SERVICES === 0)) // prettier-ignore
    const growth = Math.round((most - before) / MIB)
    console.log(`      ${TOTAL} events recorded in ${(recordedMs / 1_000).toFixed(1)} s, at the quick follower after ${(quickMs / 1_000).toFixed(1)} s; memory +${growth} MiB at most`) // prettier-ignore
    assert.ok(most - before < MAX_GROWTH, `${growth} MiB more`)
  })
})
