import assert from 'node:assert/strict'
import type { ServiceState } from '../../src/model/fleet.ts'
import { FLEET, startApi } from '../support/api.ts'

describe('liveness', () => {
  let states: ServiceState[] = []
  let api: Awaited<ReturnType<typeof startApi>>
  before(async () => {
    const one = { service: 'widgets', port: 1, host: 'h', pid: null, since: '', restarts: 0 }
    api = await startApi({
      fleetStatus: () => ({ ...FLEET, services: states.map((state) => ({ ...one, state })) }),
    })
  })
  after(() => api.stop())
  const anonymous = { headers: { authorization: '' } }

  it('/health says without a token that the daemon lives, whatever the services do', async () => {
    states = ['unhealthy']
    const { status, body } = await api.call('GET /health', anonymous)
    assert.equal(status, 200)
    assert.deepEqual(body, { status: 'alive', pid: process.pid })
  })

  it('/ready is 200 once every service answers; one without tools counts', async () => {
    states = ['healthy', 'planned']
    const { status, body } = await api.call('GET /ready', anonymous)
    assert.equal(status, 200)
    assert.deepEqual(body, { status: 'ready', up: 2, total: 2 })
  })

  for (const state of ['starting', 'unhealthy', 'stopped', 'quarantined'] as const)
    it(`/ready is 503 while a service is ${state}`, async () => {
      states = ['healthy', state]
      const { status, body } = await api.call('GET /ready', anonymous)
      assert.equal(status, 503)
      assert.deepEqual(body, { status: 'starting', up: 1, total: 2 })
    })
})
