import assert from 'node:assert/strict'
import type { Finding } from '../../../src/doctor/finding.ts'
import type { FleetStatus } from '../../../src/model/fleet.ts'
import { useFleet } from '../../support/fleet.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { errorOf, send } from '../../support/http.ts'
import { addUser } from '../../support/instances.ts'
import { isAlive } from '../../support/processes.ts'
import { waitUntil } from '../../support/wait-until.ts'

describe('a fleet with a gateway of its own', function () {
  this.timeout(60_000)
  const fleet = useFleet({ services: ['alpha', 'beta'], env: { BERTH_HOSTS: '1' } })
  let env: Record<string, string>
  let url = ''
  let path = ''

  before('up, with a user', async () => {
    const [port = 0] = await findFreePorts(1)
    env = { BERTH_GATEWAYS: '2', BERTH_GATEWAY_PORT: String(port) }
    url = `http://127.0.0.1:${port}`
    const status = await fleet().json(['up'], { env })
    assert.equal(status.gateway?.state, 'running')
    const ann = await addUser(fleet(), 'ann@example.com')
    path = `${await ann.newInstance('alpha')}/tools`
  })
  const gatewayNow = async () => (await fleet().json(['status'], { env })).gateway

  it('answers instance URLs on its port, beside the daemon', async () => {
    for (const at of [url, fleet().url]) assert.equal((await send(at, path)).status, 200)
    assert.equal((await send(url, '/api/v1/services')).status, 404)
  })

  it('is in the status, and the doctor looks at it', async () => {
    const gateway = await gatewayNow()
    assert.equal(gateway?.processes.length, 2)
    assert.ok(gateway.memoryBytes > 0 && gateway.pid)
    assert.match((await fleet().run(['status'], { env })).stdout, /Gateway: running, 2 of 2 processes on port/) // prettier-ignore
    const { findings } = await fleet().json<{ findings: Finding[] }>(['doctor'], { env })
    const found = findings.find(({ check }) => check === 'gateway')
    assert.equal(found?.level, 'ok', found?.what)
  })

  it('says of a service that is out how it is and since when, at once', async () => {
    const before = new Date().toISOString()
    await fleet().json(['stop', 'alpha'], { env })
    const { services } = await fleet().json(['status'], { env })
    const since = services.find(({ service }) => service === 'alpha')?.since ?? ''
    assert.ok(since > before)
    const isTold = async () => {
      const answer = await send(url, path)
      return answer.status === 503 && errorOf(answer).message.includes(`alpha is stopped since ${since}`) // prettier-ignore
    }
    await waitUntil('it knows', isTold, 5_000)
    await fleet().json(['start', 'alpha'], { env })
    // Each process reads the states for itself, and each request may be another's.
    const works = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => send(url, path, { headers: { connection: 'close' } }))) // prettier-ignore
      return answers.every(({ status }) => status === 200)
    }
    await waitUntil('it works again, in both', async () => (await works()) && (await works()))
  })

  it('is counted in the metrics of the daemon, beside its own, also after its processes were replaced', async () => {
    const requests = async () => {
      const text = await (await fetch(`${fleet().url}/metrics`)).text()
      return Number(/berth_gateway_requests_total{service="alpha",status="2xx"} (\d+)/.exec(text)?.[1] ?? 0) // prettier-ignore
    }
    const before = await requests()
    for (const at of [url, url, fleet().url]) assert.equal((await send(at, path)).status, 200)
    await waitUntil('all three are counted', async () => (await requests()) >= before + 3)
    assert.equal((await fleet().run(['gateway', 'restart'], { env })).code, 0)
    assert.ok((await requests()) >= before + 3)
  })

  it('has a process that ended back, and is replaced one by one on demand', async () => {
    const before = await gatewayNow()
    process.kill(before?.processes[0] ?? 0, 'SIGKILL')
    await waitUntil('there are two again', async () => {
      const now = await gatewayNow()
      return now?.processes.length === 2 && now.processes[0] !== before?.processes[0]
    })
    const { code, stderr } = await fleet().run(['gateway', 'restart'], { env })
    assert.equal(code, 0, stderr)
    const after = await gatewayNow()
    assert.equal(after?.pid, before?.pid)
    assert.ok(before?.processes.every((pid) => !isAlive(pid)))
  })

  it('follows the settings, and goes when it is no longer wanted', async () => {
    const less = { ...env, BERTH_GATEWAYS: '1' }
    const status = await fleet().json(['up'], { env: less })
    await waitUntil('one is left', async () => (await gatewayNow())?.processes.length === 1)
    assert.deepEqual([status.gateway?.wanted, (await send(url, path)).status], [1, 200])
    const none: FleetStatus = await fleet().json(['up'])
    assert.equal(none.gateway, null)
    await waitUntil('nobody listens', () => send(url, path).then(() => false, () => true)) // prettier-ignore
  })

  it('is refused without a Postgres', async () => {
    const { code, stderr } = await fleet().run(['up'], { env: { ...env, DATABASE_URL: '' } })
    assert.equal(code, 2)
    assert.match(stderr, /BERTH_GATEWAYS: several processes need a Postgres/)
  })
})
