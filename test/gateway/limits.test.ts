import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as open, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from '../../src/base/errors.ts'
import { completeLimits, type ServiceLimits } from '../../src/gateway/limits.ts'
import { createOpenRequests } from '../../src/gateway/open-requests.ts'
import { createRates, type TakeShared } from '../../src/gateway/rates.ts'
import { useCleanup } from '../support/cleanup.ts'
import { INSTANCE_PATH, makeInstance, startGateway } from '../support/gateway.ts'
import { errorOf, send } from '../support/http.ts'
import { waitUntil } from '../support/wait-until.ts'

const isRefused = (error: unknown): boolean =>
  error instanceof AppError && error.status === 429 && (error.retryAfterSeconds ?? 0) >= 1

describe('rates', () => {
  /** Rates whose clock stands still unless it is told. */
  const ratesAt = (takeShared?: TakeShared, share = 1) => {
    let seconds = 1
    const take = createRates({ takeShared, share, now: () => seconds * 1000 })
    return {
      /** How many of many requests pass. */
      pass: async (own: ServiceLimits, { count = 300, over = {} } = {}) => {
        let passed = 0
        for (let index = 0; index < count; index++)
          try {
            await take(makeInstance(over), completeLimits(own))
            passed += 1
          } catch (error) {
            assert.ok(isRefused(error))
          }
        return passed
      },
      wait: (more: number) => (seconds += more),
    }
  }

  it('allow a burst, and then so many a second', async () => {
    const { pass, wait } = ratesAt()
    const own = { requestsPerSecond: 10, burst: 20 }
    assert.equal(await pass(own), 20)
    wait(1)
    assert.equal(await pass(own), 10)
    wait(60)
    assert.equal(await pass(own), 20)
  })

  it('have defaults, and are off with 0', async () => {
    assert.equal(await ratesAt().pass({}, { count: 2000 }), 500)
    for (const own of [{ requestsPerSecond: 0 }, { burst: 0 }])
      assert.equal(await ratesAt().pass(own, { count: 2000 }), 2000)
  })

  it('count instances apart', async () => {
    const { pass } = ratesAt()
    const own = { requestsPerSecond: 10, burst: 20 }
    assert.equal(await pass(own), 20)
    assert.equal(await pass(own, { over: { handle: 'wid_user_1a2b3c4d_000002' } }), 20)
  })

  it('bound what all instances of one user do together, and leave other users alone', async () => {
    const { pass } = ratesAt()
    const own = { requestsPerSecond: 10, burst: 20 }
    const handles = Array.from({ length: 60 }, (_, index) => `wid_user_1a2b3c4d_0000${index}`)
    let total = 0
    for (const handle of handles) total += await pass(own, { over: { handle } })
    assert.equal(total, 20 * 10 * 5) // as much as twenty for five seconds
    const other = { handle: 'wid_user_bbbbbbbb_000001', userId: 'bbbbbbbb' }
    assert.equal(await pass(own, { over: other }), 20)
  })

  it('never refuse by the user what the instance alone may do', async () => {
    const { pass } = ratesAt()
    for (const [index, own] of [
      { requestsPerSecond: 1, burst: 100 },
      { requestsPerSecond: 1000, burst: 1 },
      { requestsPerSecond: 0.1, burst: 5 },
    ].entries())
      assert.equal(
        await pass(own, { over: { handle: `h${index}` } }),
        own.burst,
        JSON.stringify(own),
      )
  })

  it('take a share where several processes count', async () => {
    const own = { requestsPerSecond: 10, burst: 20 }
    assert.equal(await ratesAt(undefined, 0.5).pass(own), 10)
    const one = { requestsPerSecond: 10, burst: 1 }
    assert.equal(await ratesAt(undefined, 0.25).pass(one), 1, 'one request is always possible')
  })

  it('are whole where they are counted together', async () => {
    const asked: number[] = []
    const takeShared: TakeShared = (draws) => {
      asked.push(...draws.map(({ costMs }) => costMs))
      return Promise.resolve(0)
    }
    await ratesAt(takeShared, 0.5).pass({ requestsPerSecond: 10, burst: 20 }, { count: 1 })
    assert.deepEqual(asked, [100, 5])
  })

  it('count for themselves while what is shared is away, and ask it again later', async () => {
    let asked = 0
    let isAway = false
    const { pass, wait } = ratesAt(() => {
      asked += 1
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve(0)
    })
    const own = { requestsPerSecond: 10, burst: 20 }
    assert.equal(await pass(own, { count: 50 }), 50)
    isAway = true
    assert.equal(await pass(own, { count: 50 }), 20)
    assert.equal(asked, 51)
    isAway = false
    wait(1)
    assert.equal(await pass(own, { count: 50 }), 50)
  })
})

describe('open requests', () => {
  it('are bounded for the whole process', () => {
    const { begin, end } = createOpenRequests(2)
    const limits = completeLimits({ concurrent: 0 })
    for (const _ of [1, 2]) begin(makeInstance(), limits, false)
    assert.throws(
      () => begin(makeInstance(), limits, true),
      (error) => error instanceof AppError && error.status === 503,
    )
    end(makeInstance(), false)
    begin(makeInstance(), limits, true)
  })
})

describe('limits of a service', () => {
  let behave: (request: IncomingMessage, response: ServerResponse) => void
  const host = createServer((incoming, response) => behave(incoming, response))
  const cleanUp = useCleanup()
  before(() => once(host.listen(0, '127.0.0.1'), 'listening'))
  after(async () => {
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })
  const start = async (limits: ServiceLimits) => {
    const { port } = host.address() as AddressInfo
    const front = await startGateway({ ports: { widgets: port }, limitsOf: () => limits })
    cleanUp(front.stop)
    return front.url
  }

  it('refuse too many requests with 429 and Retry-After', async () => {
    behave = (_incoming, response) => response.end('ok')
    const url = await start({ requestsPerSecond: 0.01, burst: 2 })
    for (let index = 0; index < 2; index++)
      assert.equal((await send(url, INSTANCE_PATH)).status, 200)
    const refused = await send(url, INSTANCE_PATH)
    assert.equal(errorOf(refused).code, 'too_many_requests')
    assert.equal(refused.headers['retry-after'], '100')
  })

  it('bound requests under way and open streams, each by itself', async () => {
    const waiting: ServerResponse[] = []
    behave = (_incoming, response) => waiting.push(response)
    const url = await start({ concurrent: 1 })
    const pending = send(url, INSTANCE_PATH)
    await waitUntil('it is there', () => waiting.length === 1)
    assert.equal(errorOf(await send(url, INSTANCE_PATH)).code, 'too_many_requests')
    const headers = { accept: 'text/event-stream' }
    const stream = open(`${url}${INSTANCE_PATH}`, { headers, agent: false }).end()
    stream.on('error', () => undefined)
    await waitUntil('the stream is there', () => waiting.length === 2)
    assert.equal((await send(url, INSTANCE_PATH, { headers })).status, 429)
    stream.destroy()
    waiting[0]?.end('done')
    assert.equal((await pending).text, 'done')
    behave = (_incoming, response) => response.end('next')
    assert.equal((await send(url, INSTANCE_PATH)).text, 'next')
  })

  it('refuse a body that says that it is too large, without sending it on', async () => {
    behave = () => assert.fail('the host is not asked')
    const url = await start({ maxBodyBytes: 10 })
    const answer = await send(url, INSTANCE_PATH, { method: 'POST', body: 'x'.repeat(1_000_000) })
    assert.equal(errorOf(answer).code, 'too_large')
    assert.equal(answer.status, 413)
  })

  it('refuse a body that does not say how large it is when it gets too large, and end its request at the host', async () => {
    const headers = { 'transfer-encoding': 'chunked' }
    const ended = new Promise<void>((resolve) => {
      behave = (incoming) => void incoming.on('error', () => undefined).resume().once('close', resolve) // prettier-ignore
    })
    const url = await start({ maxBodyBytes: 100_000 })
    const outgoing = open(`${url}${INSTANCE_PATH}`, { method: 'POST', headers, agent: false })
    outgoing.on('error', () => undefined)
    outgoing.write('x'.repeat(90_000))
    await once(host, 'request')
    outgoing.write('x'.repeat(90_000))
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    outgoing.destroy()
    assert.equal(answer.statusCode, 413)
    await ended
    behave = (incoming, response) => incoming.resume().on('end', () => response.end('fits'))
    const fits = await send(url, INSTANCE_PATH, { method: 'POST', headers, body: 'x'.repeat(100_000) }) // prettier-ignore
    assert.equal(fits.text, 'fits')
  })

  it('give up a service that does not begin to answer, but no answer that has begun', async () => {
    const slow: ServerResponse[] = []
    behave = (incoming, response) => {
      if (incoming.url === '/begun') response.write('begun ')
      slow.push(response)
    }
    const { port } = host.address() as AddressInfo
    const front = await startGateway({ ports: { widgets: port }, answerMs: 60 })
    cleanUp(front.stop)
    const begun = send(front.url, `${INSTANCE_PATH}/begun`)
    await waitUntil('it has begun', () => slow.length === 1)
    const late = await send(front.url, INSTANCE_PATH, { method: 'POST', body: 'x' })
    assert.deepEqual([late.status, errorOf(late).code], [504, 'service_timeout'])
    await waitUntil('its request has ended at the host', () => slow[1]?.closed)
    slow[0]?.end('and ended')
    assert.equal((await begun).text, 'begun and ended')
  })
})
