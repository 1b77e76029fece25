import assert from 'node:assert/strict'
import { silentLog } from '../../src/base/log.ts'
import type { Usage } from '../../src/model/usage.ts'
import { createUsage } from '../../src/gateway/usage.ts'
import { useCleanup } from '../support/cleanup.ts'
import { INSTANCE_PATH, makeInstance, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'
import { waitUntil } from '../support/wait-until.ts'

const PASSED = {
  status: 200,
  isError: false,
  isStream: false,
  bytesIn: 1,
  bytesOut: 2,
  latencyMs: 3,
}

describe('usage', () => {
  const cleanUp = useCleanup()

  const counting = (intervalMs?: number) => {
    const written: Usage[][] = []
    const state = { isAway: false }
    const usage = createUsage({
      write: (batch) => {
        if (state.isAway) return Promise.reject(new Error('away'))
        written.push([...batch])
        return Promise.resolve()
      },
      log: silentLog,
      ...(intervalMs && { intervalMs }),
    })
    cleanUp(usage.stop)
    const total = (name: 'requests' | 'errors' | 'bytesOut') =>
      written.flat().reduce((sum, one) => sum + one[name], 0)
    return { usage, written, state, total }
  }

  it('is written by itself, one row per instance', async () => {
    const { usage, written } = counting(5)
    await usage.start()
    const other = makeInstance({ handle: 'wid_user_bbbbbbbb_000001' })
    usage.count(makeInstance(), PASSED)
    usage.count(makeInstance(), { ...PASSED, isError: true })
    usage.count(other, { ...PASSED, isStream: true })
    await waitUntil('a batch', () => written.length > 0)
    const [mine, others] = written[0] ?? []
    assert.deepEqual(
      [mine?.requests, mine?.errors, mine?.bytesIn, mine?.latencyMs, mine?.streams],
      [2, 1, 2, 6, 0],
    )
    assert.deepEqual([others?.requests, others?.latencyMs, others?.streams], [1, 0, 1])
  })

  it('is not lost when it stops', async () => {
    const { usage, total } = counting()
    await usage.start()
    for (let index = 0; index < 10; index++) usage.count(makeInstance(), PASSED)
    await usage.stop()
    assert.equal(total('requests'), 10)
  })

  it('is kept while it cannot be written, and counted once', async () => {
    const { usage, state, total } = counting(5)
    state.isAway = true
    await usage.start()
    for (let index = 0; index < 5000; index++)
      usage.count(makeInstance({ handle: `h${index}` }), PASSED)
    await new Promise((resolve) => setTimeout(resolve, 20))
    usage.count(makeInstance({ handle: 'h1' }), PASSED)
    state.isAway = false
    await waitUntil('all of it', () => total('requests') === 5001)
    await usage.stop()
    assert.equal(total('requests'), 5001)
  })

  it('counts what clients send and get, with what was refused', async () => {
    const { usage, total } = counting()
    const host = await startRecorder(() => ({
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(5000),
    }))
    const front = await startGateway({
      ports: { widgets: host.port },
      countUsage: usage.count,
      limitsOf: () => ({ requestsPerSecond: 0.001, burst: 2 }),
    })
    cleanUp(host.stop)
    cleanUp(front.stop)
    for (let index = 0; index < 3; index++)
      await send(front.url, INSTANCE_PATH, { method: 'POST', body: 'y'.repeat(1000) })
    await front.stop()
    await usage.start()
    await usage.stop()
    assert.equal(total('requests'), 3)
    assert.equal(total('errors'), 1)
    assert.ok(total('bytesOut') > 10_000)
  })
})
