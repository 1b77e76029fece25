import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readConfig } from '../../src/base/config.ts'
import { fleetStatus, statusWithoutDaemon } from '../../src/compose/fleet/status.ts'
import type { HostPlan } from '../../src/model/fleet.ts'
import { runBerth } from '../support/berth.ts'
import { useFleet } from '../support/fleet.ts'
import { makeService } from '../support/services.ts'

const OWN_PID = globalThis.process.pid
const SINCE = new Date('2026-01-02T03:04:05.678Z')

const host = (name: string, ...services: [string, number][]): HostPlan => ({
  name,
  kind: 'packed',
  services: services.map(([service, port]) => ({ name: service, port })),
})
const process = (name: string, status: string, pid?: number) => ({
  name,
  pid,
  status,
  restarts: 2,
  startedAt: SINCE,
  memoryBytes: 4096,
})
const fleet = {
  services: [makeService({ name: 'b', port: 41_002 }), makeService({ name: 'a', port: 41_001 })],
  hosts: [host('mcp-host-0', ['b', 41_002]), host('mcp-host-1', ['a', 41_001])],
  apps: [],
  findings: [],
  leftOut: [],
  slips: [],
}
const CONFIG = { PORT: '4100', BERTH_HOME: '/nowhere', DATABASE_URL: 'postgres://u:pa55@h/d' }
const parts = (over: object = {}) => ({
  config: readConfig(CONFIG),
  hosts: fleet.hosts,
  decisions: { stopped: [], quarantined: {} },
  version: '1.2.3',
  leftOut: [],
  processes: [process('mcp-host-0', 'online', 71), process('main-api', 'online', 70)],
  healthOf: () => ({ state: 'degraded' as const, since: SINCE }),
  ...over,
})

describe('the status of the fleet', () => {
  it('puts together by port what plan, PM2 and health know of each service', () => {
    const common = { state: 'degraded', since: SINCE.toISOString() }
    assert.deepEqual(fleetStatus(parts()).services, [
      { service: 'a', port: 41_001, host: 'mcp-host-1', pid: null, ...common, restarts: 0 },
      { service: 'b', port: 41_002, host: 'mcp-host-0', pid: 71, ...common, restarts: 2 },
    ])
  })

  it('lists every planned host, also one that PM2 does not know', () => {
    assert.deepEqual(fleetStatus(parts()).hosts, [
      { name: 'mcp-host-0', pid: 71, state: 'online', services: 1, memoryBytes: 4096, restarts: 2 },
      { name: 'mcp-host-1', pid: null, state: 'stopped', services: 1, memoryBytes: 0, restarts: 0 },
    ])
  })

  it("says PM2's states in its own words", () => {
    const said = ['online', 'errored', 'stopped', 'stopping', 'launching', 'waiting restart']
    const states = said.map(
      (status) => fleetStatus(parts({ processes: [process('mcp-host-0', status)] })).hosts[0],
    )
    assert.deepEqual(
      states.map((one) => one?.state),
      ['online', 'errored', 'stopped', 'stopped', 'starting', 'starting'],
    )
  })

  it('says starting of what nobody has looked at yet', () => {
    const { services } = fleetStatus(parts({ healthOf: () => undefined }))
    assert.deepEqual(services.map(({ state }) => state), ['starting', 'starting']) // prettier-ignore
  })

  it('tells the daemon apart, its database without its address', () => {
    const { since, ...daemon } = fleetStatus(parts()).daemon
    assert.deepEqual(daemon, {
      state: 'running',
      pid: globalThis.process.pid,
      url: 'http://127.0.0.1:4100',
      version: '1.2.3',
      database: 'postgres',
      sandbox: null,
      pm2Home: '/nowhere/pm2',
    })
    assert.equal(new Date(since ?? '').toISOString(), since)
    assert.equal(JSON.stringify(fleetStatus(parts())).includes('pa55'), false)
  })

  it('says who answers by itself while the daemon does not', () => {
    const config = readConfig({ BERTH_HOME: '/nowhere' })
    const [first] = fleet.services
    const answers = new Map([[first!.name, { state: 'healthy' as const, pid: OWN_PID }]])
    const status = statusWithoutDaemon(config, fleet, { version: '1.2.3', answers })
    assert.deepEqual([status.daemon.state, status.daemon.pid], ['stopped', null])
    for (const { service, state, pid } of status.services)
      if (service === first!.name) assert.deepEqual([state, pid], ['healthy', OWN_PID])
      else assert.equal(state, 'stopped')
    assert.ok(status.hosts.some(({ state, memoryBytes }) => state === 'online' && memoryBytes > 0))
  })

  it('has the same shape when nothing runs', () => {
    const sandbox = { BERTH_SANDBOX_URL: 'http://127.0.0.1:9/' }
    const config = readConfig({ BERTH_HOME: '/nowhere', ...sandbox })
    const stopped = statusWithoutDaemon(config, fleet, { version: '1.2.3', answers: new Map() })
    const running = fleetStatus(parts())
    assert.deepEqual(Object.keys(stopped.services[0]!), Object.keys(running.services[0]!))
    assert.deepEqual(Object.keys(stopped.hosts[0]!), Object.keys(running.hosts[0]!))
    const { state, pid, since, database, sandbox: shown } = stopped.daemon
    assert.deepEqual([state, pid, since, database], ['stopped', null, null, 'embedded'])
    assert.equal(shown, 'http://127.0.0.1:9')
    assert.ok(stopped.services.every((one) => one.state === 'stopped' && one.pid === null))
    assert.ok(stopped.hosts.every((one) => one.state === 'stopped' && one.pid === null))
  })
})

describe('berth status and berth health', function () {
  this.timeout(30_000)
  const small = useFleet({ services: ['alpha', 'planned'] })

  it('say that everything is stopped when nothing runs, and make no home for it', async () => {
    const status = await small().json(['status'])
    assert.deepEqual(status.services.map(({ state }) => state), ['stopped', 'stopped']) // prettier-ignore
    assert.equal(status.daemon.state, 'stopped')
    assert.match((await small().run(['status'])).stdout, /^Stopped\. .*berth up/)
    const health = await small().run(['health', '--json'])
    assert.equal(health.code, 1)
    const { services } = JSON.parse(health.stdout) as { services: { ok: boolean }[] }
    assert.deepEqual(services.map(({ ok }) => ok), [false, false]) // prettier-ignore
    assert.match((await small().run(['health'])).stdout, /alpha +\d+ +.*ECONNREFUSED/)
    assert.equal(existsSync(small().home), false)
  })

  it('show the running fleet, and its sandbox loudly', async () => {
    const env = { BERTH_SANDBOX_URL: 'http://127.0.0.1:9' }
    await small().json(['up'], { env })
    const shown = await small().run(['status', '--all'], { env })
    assert.match(shown.stdout, /^Running: http.*postgres database/)
    assert.match(shown.stdout, /SANDBOX: every outside call goes to http:\/\/127\.0\.0\.1:9/)
    assert.match(shown.stdout, /2 services: .*1 healthy/)
    assert.match(shown.stdout, /^alpha +\d+ +healthy +mcp-host-\d/m)
    const health = await small().run(['health'], { env })
    assert.deepEqual(health, {
      code: 0,
      stdout: '2 of 2 services answer (1 planned)\n',
      stderr: '',
    })
  })

  it('print what a closed pipe can take, without complaint', async () => {
    const ran = await runBerth(['status', '--all'], { ...small().env })
    assert.deepEqual([ran.code, ran.stderr], [0, ''])
  })
})
