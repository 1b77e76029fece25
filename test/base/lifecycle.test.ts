import assert from 'node:assert/strict'
import { sequence, type Runnable } from '../../src/base/lifecycle.ts'
import { logThrough, silentLog } from '../../src/base/log.ts'

/** Parts that write down what happens to them; `fails` names the calls that throw. */
const makeParts = (fails: readonly string[] = []) => {
  const events: string[] = []
  const call = (event: string) => (): Promise<void> => {
    events.push(event)
    return fails.includes(event) ? Promise.reject(new Error(`${event} failed`)) : Promise.resolve()
  }
  const parts = ['store', 'gateway', 'health'].map((name): Runnable => ({
    name,
    start: call(`start ${name}`),
    stop: call(`stop ${name}`),
  }))
  return { events, parts }
}

const STARTED = ['start store', 'start gateway', 'start health']
const STOPPED = ['stop health', 'stop gateway', 'stop store']

describe('a sequence of runnables', () => {
  it('starts in order and stops in reverse', async () => {
    const { events, parts } = makeParts()
    const daemon = sequence('daemon', parts, silentLog)
    await daemon.start()
    assert.deepEqual(events, STARTED)
    await daemon.stop()
    assert.deepEqual(events, [...STARTED, ...STOPPED])
  })

  it('starts each part when the one before it is ready', async () => {
    const { parts } = makeParts()
    let isReady = false
    const slow: Runnable = {
      name: 'slow',
      start: () => new Promise((resolve) => setImmediate(resolve)).then(() => void (isReady = true)), // prettier-ignore
      stop: () => Promise.resolve(),
    }
    const next: Runnable = {
      name: 'next',
      start: () => (isReady ? Promise.resolve() : Promise.reject(new Error('too early'))),
      stop: () => Promise.resolve(),
    }
    await sequence('daemon', [slow, next, ...parts], silentLog).start()
  })

  it('does nothing the second time', async () => {
    const { events, parts } = makeParts()
    const daemon = sequence('daemon', parts, silentLog)
    await daemon.stop()
    assert.deepEqual(events, [])
    await daemon.start()
    await daemon.start()
    await Promise.all([daemon.stop(), daemon.stop()])
    assert.deepEqual(events, [...STARTED, ...STOPPED])
  })

  it('can start again', async () => {
    const { events, parts } = makeParts()
    const daemon = sequence('daemon', parts, silentLog)
    await daemon.start()
    await daemon.stop()
    await daemon.start()
    assert.deepEqual(events, [...STARTED, ...STOPPED, ...STARTED])
  })

  it('stops what had started, also the half-started part, when a start fails', async () => {
    const { events, parts } = makeParts(['start gateway'])
    await assert.rejects(sequence('daemon', parts, silentLog).start(), { message: 'start gateway failed' }) // prettier-ignore
    assert.deepEqual(events, ['start store', 'start gateway', 'stop gateway', 'stop store'])
  })

  it('stops the rest when one does not stop, and says which', async () => {
    const { events, parts } = makeParts(['stop gateway'])
    const logged: unknown[] = []
    const log = logThrough((level, { event, part }) => logged.push([level, event, part]), 'daemon')
    const daemon = sequence('daemon', parts, log)
    await daemon.start()
    await daemon.stop()
    assert.deepEqual(events, [...STARTED, ...STOPPED])
    assert.deepEqual(logged, [['error', 'part did not stop cleanly', 'gateway']])
  })

  it('tells why the start failed even when the undoing fails too', async () => {
    const { events, parts } = makeParts(['start health', 'stop gateway'])
    await assert.rejects(sequence('daemon', parts, silentLog).start(), { message: 'start health failed' }) // prettier-ignore
    assert.equal(events.at(-1), 'stop store')
  })
})
