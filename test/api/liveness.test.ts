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

  const ready = async (...now: ServiceState[]) => {
    states = now
    const { status, body } = await api.call('GET /ready', anonymous)
    const { up, total } = body as { up: number; total: number }
    return `${status} ${up}/${total}`
  }

  it('/ready is 503 until every service that shall run has answered or had its time', async () => {
    assert.equal(await ready('starting', 'starting'), '503 0/2')
    assert.equal(await ready('healthy', 'planned', 'starting'), '503 2/3')
    assert.equal(await ready('healthy', 'planned', 'unhealthy', 'stopped', 'quarantined'), '200 2/3') // prettier-ignore
  })

  it('/ready stays 200 from then on while any service is up', async () => {
    assert.equal(await ready('healthy', 'starting'), '200 1/2')
    assert.equal(await ready('degraded', 'unhealthy'), '200 1/2')
    assert.equal(await ready('unhealthy', 'starting', 'stopped'), '503 0/2')
    assert.equal(await ready('stopped', 'quarantined'), '200 0/0')
  })
})
