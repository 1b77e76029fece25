import assert from 'node:assert/strict'
import type { Fields } from '../../src/base/log-line.ts'
import { logThrough } from '../../src/base/log.ts'
import { createHealth, type HealthMonitor } from '../../src/health/health.ts'
import type { ProbeResult, Target } from '../../src/health/probe.ts'
import { waitUntil } from '../support/wait-until.ts'

const UP: ProbeResult = { ok: true, planned: false, responseMs: 1 }
const DOWN: ProbeResult = { ok: false, cause: 'refused', reason: 'closed' }
/** Leap days: no sweep comes into a test by itself. */
const NEVER = '0 0 29 2 *'

const namesOf = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`)

describe('the health monitor', () => {
  const monitors: HealthMonitor[] = []
  afterEach(async () => {
    for (const monitor of monitors.splice(0)) await monitor.stop()
  })

  /** A monitor of services whose answers a test sets; a service without one is up. */
  const watch = (services: string[], sweepCron = NEVER, schedules: Record<string, string> = {}) => {
    const answers = new Map<string, () => Promise<ProbeResult>>()
    const probes = new Map(services.map((service) => [service, 0]))
    const deadlines = new Map<string, number[]>(services.map((service) => [service, []]))
    const entries: Fields[] = []
    const unhealthy: string[] = []
    const transitions: string[] = []
    const monitor = createHealth({
      targets: () =>
        services.map((service, index) => ({
          service,
          port: 1_000 + index,
          schedule: schedules[service],
        })),
      onUnhealthy: (service) => unhealthy.push(service),
      probe: ({ service }: Target, deadlineMs) => {
        deadlines.get(service)?.push(deadlineMs)
        probes.set(service, (probes.get(service) ?? 0) + 1)
        return answers.get(service)?.() ?? Promise.resolve(UP)
      },
      sweepCron,
      recheckMs: 1,
      repeatMs: 1,
      onTransition: ({ service, before, after }) =>
        transitions.push(`${service}: ${before.state} to ${after.state} (${after.cause})`),
      log: logThrough((_level, fields) => entries.push(fields), 'test'),
    })
    monitors.push(monitor)
    const answer = (service: string, result: ProbeResult) =>
      answers.set(service, () => Promise.resolve(result))
    const stateOf = (service: string) => monitor.healthOf(service)?.state
    const reaches = (service: string, state: string) =>
      waitUntil(`${service} is ${state}`, () => stateOf(service) === state)
    return {
      monitor,
      answers,
      answer,
      probes,
      deadlines,
      entries,
      transitions,
      unhealthy,
      stateOf,
      reaches,
    }
  }

  it('knows nothing before it has looked', async () => {
    const { monitor, stateOf } = watch(['a'])
    assert.equal(stateOf('a'), undefined)
    await monitor.sweep()
    assert.equal(stateOf('a'), 'healthy')
    assert.equal(stateOf('b'), undefined)
  })

  it('watches what is to be watched by then', async () => {
    const services = ['a']
    const { monitor, stateOf, probes, reaches } = watch(services)
    await monitor.start()
    await reaches('a', 'healthy')
    services.splice(0, 1, 'b')
    await reaches('b', 'healthy')
    await monitor.sweep()
    assert.equal(probes.get('a'), 1)
    assert.equal(stateOf('b'), 'healthy')
  })

  it('looks at once at what it is told to doubt', async () => {
    const { monitor, answer, reaches, stateOf } = watch(['a', 'b'])
    await monitor.start()
    await reaches('a', 'healthy')
    await reaches('b', 'healthy')
    for (const service of ['a', 'b']) answer(service, DOWN)
    monitor.doubt(['a', 'nobody'])
    await reaches('a', 'unhealthy')
    assert.equal(stateOf('b'), 'healthy', 'its turn comes with the next sweep')
  })

  it('tells who is unhealthy, again with each probe, and nobody else', async () => {
    const { monitor, answer, unhealthy } = watch(['a', 'b'])
    await monitor.sweep()
    answer('a', DOWN)
    for (let sweeps = 0; sweeps < 2; sweeps++) await monitor.sweep()
    assert.deepEqual(unhealthy, [])
    for (let sweeps = 0; sweeps < 2; sweeps++) await monitor.sweep()
    assert.deepEqual(unhealthy, ['a', 'a'])
  })

  it('asks again soon while a service does not answer, and leaves the others alone', async () => {
    const { monitor, answer, probes, reaches } = watch(['a', 'b'])
    answer('a', DOWN)
    await monitor.start()
    await waitUntil('a was asked again', () => probes.get('a')! >= 5)
    answer('a', UP)
    await reaches('a', 'healthy')
    assert.equal(probes.get('b'), 1)
  })

  it('notices by a sweep that one which was up fails, and follows it until it is back', async () => {
    const { monitor, answer, stateOf, reaches, entries } = watch(['a', 'b'])
    await monitor.sweep()
    answer('a', DOWN)
    await monitor.sweep()
    assert.equal(stateOf('a'), 'degraded')
    await monitor.start()
    await reaches('a', 'unhealthy')
    answer('a', UP)
    await reaches('a', 'healthy')
    assert.equal(stateOf('b'), 'healthy')
    const changes = entries.map(({ service, from, to, reason }) => ({ service, from, to, reason }))
    assert.deepEqual(changes, [
      { service: 'a', from: 'healthy', to: 'degraded', reason: 'closed' },
      { service: 'a', from: 'degraded', to: 'unhealthy', reason: 'closed' },
      { service: 'a', from: 'unhealthy', to: 'healthy', reason: undefined },
    ])
  })

  it('sweeps over all by its schedule', async () => {
    const { monitor, answer, reaches } = watch(['a', 'b'], '* * * * * *')
    await monitor.start()
    await reaches('b', 'healthy')
    answer('b', DOWN)
    await reaches('b', 'unhealthy')
  })

  it('does not lose a sweep over all in the recheck of one that hangs', async () => {
    const { monitor, answers, answer, stateOf, reaches } = watch(['a', 'b'])
    let release: (result: ProbeResult) => void = () => undefined
    await monitor.sweep()
    answer('a', DOWN)
    await monitor.sweep()
    const hangs = new Promise<void>((entered) => {
      answers.set('a', () => {
        entered()
        return new Promise((free) => (release = free))
      })
    })
    await monitor.start()
    await hangs
    answer('b', DOWN)
    const sweep = monitor.sweep()
    answer('a', DOWN)
    release(DOWN)
    await sweep
    assert.notEqual(stateOf('b'), 'healthy')
    await reaches('a', 'unhealthy')
  })

  it('goes on when a probe throws: that is a failed probe', async () => {
    const { monitor, answers, answer, probes, reaches } = watch(['a', 'b'])
    answers.set('a', () => Promise.reject(new Error('out of sockets')))
    await monitor.start()
    await waitUntil('a was asked again', () => probes.get('a')! >= 3)
    await reaches('b', 'healthy')
    assert.equal(monitor.healthOf('a')?.reason, 'out of sockets')
    answer('a', UP)
    await reaches('a', 'healthy')
  })

  it('bounds how many it asks at a time', async () => {
    const names = namesOf(200)
    const { monitor, answers, stateOf } = watch(names)
    let open = 0
    let most = 0
    for (const name of names)
      answers.set(name, async () => {
        most = Math.max(most, ++open)
        await new Promise(setImmediate)
        open -= 1
        return UP
      })
    await monitor.sweep()
    assert.ok(most <= 64 && most > 1, `${most} at a time`)
    assert.deepEqual(names.filter((name) => stateOf(name) !== 'healthy'), []) // prettier-ignore
  })

  it('asks no more once it has stopped, after the probes under way', async () => {
    const { monitor, answers, probes, stateOf } = watch(['a'])
    let release: (result: ProbeResult) => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      answers.set('a', () => {
        resolve()
        return new Promise((free) => (release = free))
      })
    })
    await monitor.start()
    await entered
    const stopping = monitor.stop()
    release(UP)
    await stopping
    assert.equal(stateOf('a'), 'healthy')
    assert.equal(probes.get('a'), 1)
  })

  it('asks once, however often it is started', async () => {
    const { monitor, answers, probes } = watch(['a'])
    let release: (result: ProbeResult) => void = () => undefined
    answers.set('a', () => new Promise((free) => (release = free)))
    await monitor.start()
    await monitor.start()
    await waitUntil('a was asked', () => probes.get('a') === 1)
    answers.delete('a')
    release(UP)
    await monitor.stop()
    assert.equal(probes.get('a'), 1)
  })

  it('tells transitions, but not each probe, nor the first answer', async () => {
    const { monitor, answer, transitions } = watch(['a', 'b'])
    await monitor.sweep()
    answer('a', DOWN)
    for (let sweeps = 0; sweeps < 5; sweeps++) await monitor.sweep()
    answer('a', UP)
    await monitor.sweep()
    assert.deepEqual(transitions, [
      'a: healthy to degraded (refused)',
      'a: degraded to unhealthy (refused)',
      'a: unhealthy to healthy (undefined)',
    ])
  })

  it('calls one that is late slow, and asks it with more patience before it says that it hangs', async () => {
    const { monitor, answer, transitions, deadlines } = watch(['a', 'b'])
    await monitor.sweep()
    for (const service of ['a', 'b'])
      answer(service, { ok: false, cause: 'timeout', reason: 'no answer' })
    await monitor.sweep()
    answer('b', { ...UP, concern: { cause: 'slow', reason: 'late' } })
    for (let sweeps = 0; sweeps < 3; sweeps++) await monitor.sweep()
    assert.deepEqual(transitions, [
      'a: healthy to degraded (slow)',
      'b: healthy to degraded (slow)',
      'a: degraded to unhealthy (timeout)',
    ])
    const patient = 2.2 * 950
    assert.deepEqual(deadlines.get('b'), [950, 950, patient, patient, patient])
  })

  it('asks a service by a schedule of its own', async () => {
    const { monitor, answer, reaches, stateOf } = watch(['a', 'b'], NEVER, { b: '* * * * * *' })
    await monitor.start()
    await reaches('a', 'healthy')
    await reaches('b', 'healthy')
    for (const service of ['a', 'b']) answer(service, DOWN)
    await reaches('b', 'unhealthy')
    assert.equal(stateOf('a'), 'healthy')
  })

  it('forgets a service that is no more, and knows nothing of it when it comes back', async () => {
    const services = ['a', 'b']
    const { monitor, stateOf, answer } = watch(services)
    await monitor.sweep()
    services.pop()
    await monitor.sweep()
    assert.equal(stateOf('b'), undefined)
    services.push('b')
    answer('b', DOWN)
    await monitor.sweep()
    assert.equal(stateOf('b'), 'starting')
  })
})
