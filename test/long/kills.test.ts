import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { pidsOf, useFleet } from '../support/fleet.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'
import { watchFleet } from '../support/watch-fleet.ts'

const SERVICES = ['alpha', 'beta', 'own']
const PROCESSES = ['main-api', 'mcp-host-0', 'mcp-own']

describe('a fleet whose processes are killed', function () {
  const fleet = useFleet({ services: SERVICES, env: { BERTH_HOSTS: '1' } })
  const { status, healthOf, living, pm2Pid, until } = watchFleet(fleet)
  let old: Record<string, number | null>
  const areHealthy = ({ services }: FleetStatus) =>
    services.length === SERVICES.length && services.every(({ state }) => state === 'healthy')

  before('up', async () => {
    writeProgram(fleet().registry, 'own')
    fleet().configure('own', { process: { script: 'program.cjs' } })
    await fleet().json(['up'])
  })
  beforeEach(async () => {
    // The status lags behind PM2 by up to its interval.
    const isWhole = (now: FleetStatus) => Object.values(pidsOf(now)).every((pid) => pid !== null)
    old = pidsOf(await until('all run', (_of, now) => isWhole(now) && areHealthy(now)))
    assert.deepEqual(living(), PROCESSES)
  })

  const killed = (name: string): void => {
    process.kill(old[name]!, 'SIGKILL')
  }

  it('serves on without its daemon, and the next one adopts the hosts as they run', async () => {
    killed('main-api')
    let answered = 0
    const after = await waitUntil('another daemon finds all healthy', async () => {
      for (const service of SERVICES)
        assert.equal((await healthOf(service))?.service, service, `${service} answers`)
      answered += 1
      const now = await status()
      return now.daemon.pid !== null && now.daemon.pid !== old['main-api'] && areHealthy(now) && now // prettier-ignore
    })
    assert.ok(answered > 0)
    assert.deepEqual({ ...pidsOf(after), 'main-api': 0 }, { ...old, 'main-api': 0 })
    assert.deepEqual(living(), PROCESSES)
  })

  it('has a killed host back soon, and touches no other', async () => {
    killed('mcp-host-0')
    const isBack = async () => {
      const pid = (await healthOf('beta'))?.pid
      return pid !== undefined && pid !== old['mcp-host-0']
    }
    await waitUntil('beta answers again', isBack, 8_000)
    assert.equal((await healthOf('alpha'))?.service, 'alpha')
    const after = await until('the status knows', (of) => (of('beta')?.restarts ?? 0) > 0)
    const { 'mcp-host-0': host, ...others } = pidsOf(after)
    assert.notEqual(host, old['mcp-host-0'])
    assert.deepEqual({ 'mcp-host-0': old['mcp-host-0'], ...others }, old)
  })

  it('is whole again within 15 seconds of the death of PM2, and nothing runs twice', async () => {
    const pm2 = pm2Pid()
    process.kill(pm2, 'SIGKILL')
    await until(
      'another PM2 runs a whole fleet',
      (_of, now) => pm2Pid() !== pm2 && now.daemon.pid !== old['main-api'] && areHealthy(now),
      15_000,
    )
    await waitUntil('what ran before has ended', () => living().length <= PROCESSES.length)
    assert.deepEqual(living(), PROCESSES)
    const { stdout } = await fleet().run(['pm2', 'jlist'])
    const known = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
    assert.deepEqual(known.sort(), PROCESSES)
    for (const service of SERVICES) assert.equal((await healthOf(service))?.service, service)
  })

  it('is whole again when everything was killed at once', async () => {
    const pids = PROCESSES.map((name) => old[name]!)
    for (const pid of [pm2Pid(), ...pids]) process.kill(pid, 'SIGKILL')
    await waitUntil('all is dead', () => living().length === 0)
    assert.ok(areHealthy(await fleet().json(['up'])))
    assert.deepEqual(living(), PROCESSES)
  })

  it('comes back from files that were cut off', async () => {
    const run = join(fleet().home, 'run')
    await fleet().json(['stop', 'alpha'])
    await fleet().json(['start', 'alpha'])
    const files = readdirSync(run).filter((name) => name.endsWith('.json'))
    for (const name of ['serviceRegistry.json', 'mcp-host-0.json', 'services.json'])
      assert.ok(files.includes(name), name)
    for (const name of files) truncateSync(join(run, name), statSync(join(run, name)).size >> 1)
    for (const name of ['main-api', 'mcp-host-0']) killed(name)
    await until(
      'the fleet is whole',
      (of, now) =>
        now.daemon.pid !== null &&
        now.daemon.pid !== old['main-api'] &&
        of('alpha')?.pid !== old['mcp-host-0'] &&
        areHealthy(now),
    )
    for (const service of SERVICES) assert.equal((await healthOf(service))?.service, service)
    assert.deepEqual(living(), PROCESSES)
  })

  it('serves a port that a stranger took while its host was away, once it is given back', async () => {
    const port = fleet().ports['alpha']!
    killed('mcp-host-0')
    const stranger = await waitUntil('the stranger listens', () => listenOn(port))
    const pid = await waitUntil('the host is back with its other service', async () => {
      const beta = await healthOf('beta')
      return beta?.pid !== old['mcp-host-0'] && beta?.pid
    })
    assert.equal((await healthOf('alpha'))?.pid, process.pid, 'the stranger answers in its name')
    await until('and is not believed', (of) => of('alpha')?.state === 'unhealthy')
    stranger.closeAllConnections()
    stranger.close()
    const alpha = await waitUntil('alpha is served', () => healthOf('alpha'))
    assert.deepEqual([alpha.service, alpha.pid], ['alpha', pid], 'by the same process')
    await until('all is healthy', (_of, now) => areHealthy(now))
  })
})

const listenOn = async (port: number): Promise<Server | undefined> => {
  const answer = JSON.stringify({ service: 'alpha', status: 'healthy', pid: process.pid })
  const server = createServer((_request, response) => response.end(answer))
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return server
  } catch {
    return undefined
  }
}
