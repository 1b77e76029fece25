import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { silentLog } from '../../src/base/log.ts'
import type { FleetEvent } from '../../src/model/event.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import { appendEvents } from '../../src/store/events.ts'
import { createWebhookParts } from '../../src/compose/observation/webhooks.ts'
import { onEveryDatabase } from '../support/databases.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

type Received = { headers: IncomingHttpHeaders; body: string; message: string }

onEveryDatabase('webhooks', (database) => {
  const temp = useTempFolder()
  const received: Received[] = []
  /** What the target answers next; 200 when there is nothing. */
  const answers: number[] = []
  let target: Server
  let url = ''
  type Parts = ReturnType<typeof createWebhookParts>
  const open: Parts[] = []
  let vault: Awaited<ReturnType<typeof prepareDatabase>>
  const told: FleetEvent[] = []

  before(async () => {
    const config = readConfig({ BERTH_HOME: join(temp(), database().kind) })
    prepareHome(config.home, config.pm2Home)
    vault = await prepareDatabase(config, database())
    target = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        const status = answers.shift() ?? 200
        const { data } = JSON.parse(body) as { data: { message: string } }
        if (status === 200) received.push({ headers: request.headers, body, message: data.message })
        response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
      })
    })
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook?key=geheim`
  })
  beforeEach(async () => {
    await database().script('truncate webhooks, webhook_dead_letters, events')
    for (const list of [received, answers, told]) list.length = 0
  })
  afterEach(async () => {
    for (const parts of open.splice(0)) await parts.runnable.stop()
  })
  after(() => {
    target.closeAllConnections()
    target.close()
  })

  const start = async () => {
    const recordEvent = (event: FleetEvent) => told.push(event)
    const parts = createWebhookParts({ database: database(), vault, recordEvent, log: silentLog, pollMs: 10 }) // prettier-ignore
    open.push(parts)
    await parts.runnable.start()
    return parts.webhooks
  }
  const input = (over = {}) => ({ url, types: [] as string[], service: null, allowPrivate: true, ...over }) // prettier-ignore
  const happen = (messages: string[], over: { type?: FleetEvent['type']; data?: string } = {}) =>
    appendEvents(
      database(),
      { id: randomUUID(), batch: 1 },
      messages.map((message) => ({ at: new Date(), type: 'service.state' as const, service: 'widgets', message, data: '{}', ...over })), // prettier-ignore
    )
  const messages = () => received.map(({ message }) => message)
  const has = (count: number) => waitUntil(`${count} came`, () => received.length >= count)
  /** Backoff passes at once. */
  const hurry = () => database().script('update webhooks set try_at = now()')
  const first = async (webhooks: Parts['webhooks']) => (await webhooks.list())[0]!

  it('get what happens from then on, in its order, signed as Standard Webhooks are', async () => {
    await happen(['before'])
    const webhooks = await start()
    const { secret } = await webhooks.add(input())
    const wanted = Array.from({ length: 120 }, (_, index) => `e${index}`)
    await happen(wanted)
    await has(120)
    assert.deepEqual(messages(), wanted)
    const { headers, body } = received[0]!
    const id = String(headers['webhook-id'])
    const signed = `${id}.${String(headers['webhook-timestamp'])}.${body}`
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    const mac = createHmac('sha256', key).update(signed).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${mac}`)
    assert.match(id, /^evt_\d+$/)
    const { type, timestamp } = JSON.parse(body) as { type: string; timestamp: string }
    assert.equal(type, 'service.state')
    assert.ok(Math.abs(Date.now() - Date.parse(timestamp)) < 60_000)
  })

  it('keep address and secret sealed, and show neither', async () => {
    const webhooks = await start()
    const { secret } = await webhooks.add(input())
    const rows = JSON.stringify(await database().query('select * from webhooks'))
    const listed = JSON.stringify(await webhooks.list())
    for (const text of [rows, listed])
      for (const hidden of [secret, secret.slice(6), 'geheim']) assert.ok(!text.includes(hidden))
  })

  it('get only what they asked for', async () => {
    const webhooks = await start()
    await webhooks.add(input({ types: ['key.', 'deployment.'], service: 'widgets' }))
    await happen(['state'])
    await happen(['key'], { type: 'key.invalid' })
    await has(1)
    await waitUntil('all is dealt with', async () => (await first(webhooks)).waiting === 0)
    assert.deepEqual(messages(), ['key'])
  })

  it('get everything in order after the target was away, each with the id of its first attempt', async () => {
    const webhooks = await start()
    await webhooks.add(input())
    answers.push(200, 503, 302)
    await happen(['a', 'b', 'c'])
    await waitUntil('it failed', async () => (await first(webhooks)).tries === 1)
    await hurry()
    await waitUntil('it failed again', async () => (await first(webhooks)).tries === 2)
    assert.match((await first(webhooks)).failure ?? '', /302/, 'a redirect is not followed')
    await hurry()
    await has(3)
    assert.deepEqual(messages(), ['a', 'b', 'c'])
    await waitUntil('it is well again', async () => (await first(webhooks)).tries === 0)
  })

  it('let an event go that the target refuses again and again, and say so, though not to the target', async () => {
    const webhooks = await start()
    const { id } = await webhooks.add(input())
    answers.push(400, 400, 400, 400, 400)
    await happen(['poison', 'next'])
    for (let tries = 1; tries < 5; tries++) {
      await waitUntil(`${tries} tries`, async () => (await first(webhooks)).tries === tries)
      await hurry()
    }
    await has(1)
    assert.deepEqual(messages(), ['next'])
    const [letter] = await webhooks.dead(id)
    assert.match(letter?.reason ?? '', /400/)
    assert.equal((letter?.event as { message: string }).message, 'poison')
    assert.deepEqual(told.map(({ type, data }) => [type, data?.['webhookId']]), [['webhook.dead', id]]) // prettier-ignore
    await happen(['own'], { type: 'webhook.dead', data: JSON.stringify({ webhookId: id }) })
    await happen(['last'])
    await has(2)
    assert.deepEqual(messages(), ['next', 'last'])
  })

  it('give up what a target that is not there has missed for a day', async () => {
    const webhooks = await start()
    const { id } = await webhooks.add(input())
    answers.push(500)
    const yesterday = new Date(Date.now() - 25 * 3_600_000)
    const old = ['a', 'b'].map((message) => ({ at: yesterday, type: 'service.state' as const, message, data: '{}' })) // prettier-ignore
    await appendEvents(database(), { id: randomUUID(), batch: 1 }, [
      ...old,
      { ...old[0]!, at: new Date(), message: 'c' },
    ])
    await has(1)
    assert.deepEqual(messages(), ['c'])
    assert.equal((await webhooks.dead(id)).length, 2)
  })

  it('are sent nothing any more once the target says that it is gone', async () => {
    const webhooks = await start()
    await webhooks.add(input())
    answers.push(410)
    await happen(['a', 'b'])
    await waitUntil('it is gone', async () => (await first(webhooks)).state === 'gone')
    assert.deepEqual(told.map(({ type }) => type), ['webhook.gone']) // prettier-ignore
    assert.deepEqual(received, [])
  })

  it('reach no private address unless the operator allowed it', async () => {
    const webhooks = await start()
    const literal = await webhooks.add(input({ allowPrivate: false }))
    const named = await webhooks.add(input({ allowPrivate: false, url: url.replace('127.0.0.1', 'localhost') })) // prettier-ignore
    for (const { id } of [literal, named]) {
      const delivery = await webhooks.test(id)
      assert.match('reason' in delivery ? delivery.reason : '', /private address/)
    }
    const allowed = await webhooks.add(input())
    assert.equal((await webhooks.test(allowed.id)).outcome, 'delivered')
    assert.equal(received.length, 1)
  })

  it('get each event once and in order, however many processes send', async () => {
    const [webhooks] = [await start(), await start(), await start()]
    await webhooks.add(input())
    const wanted = Array.from({ length: 200 }, (_, index) => `e${index}`)
    for (let from = 0; from < 200; from += 20) await happen(wanted.slice(from, from + 20))
    await waitUntil('all is dealt with', async () => (await first(webhooks)).waiting === 0)
    assert.deepEqual(messages(), wanted)
  })

  it('go on after a restart where they were', async () => {
    const webhooks = await start()
    await webhooks.add(input())
    answers.push(200, 500)
    await happen(['a', 'b', 'c'])
    await waitUntil('it failed', async () => (await first(webhooks)).tries === 1)
    await open.pop()!.runnable.stop()
    await hurry()
    await start()
    await has(3)
    assert.deepEqual(messages(), ['a', 'b', 'c'])
  })
})
