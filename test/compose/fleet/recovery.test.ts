import assert from 'node:assert/strict'
import type { Fields } from '../../../src/base/log-line.ts'
import { logThrough } from '../../../src/base/log.ts'
import type { HostPlan } from '../../../src/model/fleet.ts'
import { createRecovery } from '../../../src/compose/fleet/recovery.ts'
import { waitUntil } from '../../support/wait-until.ts'

const HOST: HostPlan = {
  name: 'mcp-host-0',
  kind: 'packed',
  services: ['a', 'b', 'c'].map((name) => ({ name, port: 41_000 })),
}

const setUp = (states: Record<string, string>, out: string[] = []) => {
  const recovered: string[] = []
  const entries: Fields[] = []
  const events: string[] = []
  const behaviour = { recover: () => Promise.resolve(true) }
  const recover = createRecovery(
    {
      fleet: () => ({ hosts: [HOST] }),
      portOf: (name) => (out.includes(name) ? undefined : 41_000),
      recover: (names) => {
        recovered.push(names.join())
        return behaviour.recover()
      },
    },
    (service) => states[service],
    {
      recordEvent: ({ type, service }) => events.push(`${type} ${service}`),
      log: logThrough((_level, fields) => entries.push(fields), 'test'),
    },
  )
  return { recover, recovered, entries, events, behaviour }
}

describe('recovery of a service that runs and does not answer', () => {
  it('swaps it alone as long as another of its host answers', async () => {
    for (const state of ['healthy', 'planned']) {
      const { recover, recovered, events } = setUp({ a: 'unhealthy', b: 'degraded', c: state })
      recover('a')
      assert.deepEqual(recovered, ['a'])
      await waitUntil('it is told', () => events.join() === 'service.restarted a')
    }
  })

  it('gives the host a new process when none answers, at the first that is called unhealthy', () => {
    const { recover, recovered } = setUp({ a: 'unhealthy', b: 'degraded', c: 'degraded' })
    for (const name of ['a', 'b', 'c']) recover(name)
    assert.deepEqual(recovered, ['a,b,c'], 'once: the new one needs time to come up')
  })

  it('does not ask about services that shall not run: their last state stays what it was', () => {
    const { recover, recovered } = setUp({ a: 'unhealthy', b: 'unhealthy', c: 'healthy' }, ['c'])
    recover('b')
    assert.deepEqual(recovered, ['a,b'])
  })

  it('leaves alone what is no part of the fleet any more', () => {
    const { recover, recovered } = setUp({})
    recover('gone')
    assert.deepEqual(recovered, [])
  })

  it('asks again soon when nothing was restarted: it may have been starting', async () => {
    const { recover, recovered, behaviour, entries } = setUp({ a: 'unhealthy', b: 'healthy' })
    behaviour.recover = () => Promise.resolve(false)
    recover('a')
    assert.deepEqual(recovered, ['a'])
    behaviour.recover = () => Promise.resolve(true)
    await waitUntil('it asks again', () => {
      recover('a')
      return recovered.length === 2
    })
    await new Promise(setImmediate)
    assert.deepEqual(entries.map(({ event }) => event), ['restarted, since it did not answer']) // prettier-ignore
  })

  it('tells when it fails, and does not throw', async () => {
    const { recover, entries, behaviour } = setUp({ a: 'unhealthy', b: 'healthy', c: 'healthy' })
    behaviour.recover = () => Promise.reject(new Error('PM2 is away'))
    recover('a')
    await new Promise(setImmediate)
    assert.deepEqual([entries.at(-1)?.['event'], entries.at(-1)?.['reason']], ['could not restart', 'PM2 is away']) // prettier-ignore
  })
})
