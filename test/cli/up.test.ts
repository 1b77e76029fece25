import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { pidsOf, statesOf, useFleet } from '../support/fleet.ts'
import { commandLineOf, isAlive, processesNaming } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

const UP = { alpha: 'healthy', beta: 'healthy', planned: 'planned' }

describe('berth up', function () {
  this.timeout(30_000)
  const fleet = useFleet({ env: { BERTH_ISOLATION: 'dedicated' } })
  let first: FleetStatus
  before(async () => {
    first = await fleet().json(['up'])
  })

  const processes = async () =>
    JSON.parse((await fleet().run(['pm2', 'jlist'])).stdout) as { name: string; pid: number }[]

  const askHealth = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/health`)
    return (await answer.json()) as { service: string; status: string; pid: number }
  }
  const status = () => fleet().json(['status'])

  it('returns when every service answers as itself on its static port', async () => {
    assert.deepEqual(statesOf(first), UP)
    for (const { service, port, pid } of first.services) {
      assert.equal(port, fleet().ports[service])
      const health = await askHealth(port)
      assert.deepEqual([health.service, health.pid], [service, pid])
    }
    assert.deepEqual(first.hosts.map(({ name, state, services }) => [name, state, services]).sort(), [
      ['mcp-alpha', 'online', 1],
      ['mcp-beta', 'online', 1],
      ['mcp-planned', 'online', 1],
    ]) // prettier-ignore
    assert.equal(first.daemon.state, 'running')
    assert.equal(first.daemon.database, 'postgres')
    assert.equal((await fetch(`${fleet().url}/ready`)).status, 200)
  })

  it('changes nothing when it is called again', async () => {
    const { code, stdout } = await fleet().run(['up'])
    assert.equal(code, 0)
    assert.match(stdout, /ran already/)
    assert.deepEqual(pidsOf(await status()), pidsOf(first))
  })

  it('brings a killed host back, and the status tells the truth about it', async () => {
    const before = pidsOf(await status())
    process.kill(before['mcp-beta']!, 'SIGKILL')
    const healed = await waitUntil('beta is back', async () => {
      const now = await status()
      const beta = now.services.find(({ service }) => service === 'beta')
      return beta?.restarts === 1 && beta.pid !== null && now
    })
    const beta = healed.services.find(({ service }) => service === 'beta')
    const health = await waitUntil('beta answers', () =>
      askHealth(beta!.port).catch(() => undefined),
    )
    assert.deepEqual([health.service, health.pid], ['beta', beta!.pid])
    assert.deepEqual(pidsOf(healed), { ...before, 'mcp-beta': beta!.pid })
    assert.notEqual(beta!.pid, before['mcp-beta'])
    await waitUntil('all are up', async () => (await fetch(`${fleet().url}/ready`)).status === 200)
  })

  it('lets a killed daemon come back, which adopts the hosts as they run', async () => {
    const before = pidsOf(await status())
    process.kill(before['main-api']!, 'SIGKILL')
    await waitUntil('another daemon answers', async () => {
      const answer = await fetch(`${fleet().url}/health`).catch(() => undefined)
      const { pid } = ((await answer?.json()) ?? {}) as { pid?: number }
      return pid !== undefined && pid !== before['main-api']
    })
    const now = await fleet().json(['up'])
    assert.deepEqual(statesOf(now), UP)
    assert.deepEqual({ ...pidsOf(now), 'main-api': 0 }, { ...before, 'main-api': 0 })
  })

  it('swaps a service whose config changed in its running host', async () => {
    const before = pidsOf(await status())
    fleet().configure('beta', { description: 'The second edition.', tools: [] })
    const { code, stdout } = await fleet().run(['up'])
    assert.equal(code, 0)
    assert.match(stdout, /1 change/)
    assert.equal((await askHealth(fleet().ports['beta']!)).status, 'planned')
    fleet().configure('beta', {})
    assert.deepEqual(pidsOf(await fleet().json(['up'])), before)
    assert.equal((await askHealth(fleet().ports['beta']!)).status, 'healthy')
  })

  it('replaces the host whose settings changed, and no other', async () => {
    const before = pidsOf(await status())
    fleet().configure('beta', { process: { maxMemory: '300M' } })
    const now = await fleet().json(['up'])
    const after = pidsOf(now)
    assert.deepEqual(statesOf(now), UP)
    assert.notEqual(after['mcp-beta'], before['mcp-beta'])
    assert.deepEqual({ ...after, 'mcp-beta': 0 }, { ...before, 'mcp-beta': 0 })
  })

  it('replaces nothing but the daemon for a setting that only the daemon has', async () => {
    const before = pidsOf(await status())
    const env = { BERTH_ALLOWED_HOSTS: 'berth.test' }
    const after = pidsOf(await fleet().json(['up'], { env }))
    assert.notEqual(after['main-api'], before['main-api'])
    assert.deepEqual({ ...after, 'main-api': 0 }, { ...before, 'main-api': 0 })
  })

  it('finds a fleet that outlived its killed PM2, under another one', async () => {
    const before = pidsOf(await status())
    const pm2 = processesNaming(fleet().home).find((pid) => commandLineOf(pid).includes('God'))
    process.kill(pm2!, 'SIGKILL')
    const healed = await waitUntil('another daemon runs the fleet', async () => {
      const { code, stdout } = await fleet().run(['status', '--json'])
      if (code !== 0) return undefined // the lock is held, and nobody serves yet
      const now = JSON.parse(stdout) as FleetStatus
      const isNew = now.daemon.pid !== null && now.daemon.pid !== before['main-api']
      const areHosts = now.hosts.every(({ pid }) => pid !== null && isAlive(pid))
      return isNew && areHosts && isDeepStrictEqual(statesOf(now), UP) && now
    })
    const left = Object.values(before).filter((pid) => isAlive(pid!))
    assert.deepEqual(left, [], 'what the killed PM2 ran has ended')
    const known = (await processes()).map(({ pid }) => pid)
    assert.deepEqual(known.sort(), Object.values(pidsOf(healed)).sort())
    assert.equal((await fleet().run(['health'])).code, 0)
  })

  it('starts one fleet when it is called twice at once', async () => {
    await fleet().json(['down'])
    const env = { BERTH_ISOLATION: 'packed', BERTH_HOSTS: '1' }
    const up = () => fleet().json(['up'], { env })
    // The second comes when the first has launched PM2 and is about to start the daemon.
    const one = up()
    const socket = join(fleet().home, 'pm2', 'rpc.sock')
    await waitUntil('PM2 is launched', () => existsSync(socket))
    const [a, b, c] = await Promise.all([one, up(), up()])
    assert.deepEqual(pidsOf(a), pidsOf(b))
    assert.deepEqual(pidsOf(b), pidsOf(c))
    const names = (await processes()).map(({ name }) => name)
    assert.deepEqual(names.sort(), ['main-api', 'mcp-host-0'])
  })

  it('ends the host of a service that is wanted no more', async () => {
    const env = { BERTH_SERVICES: 'alpha,planned' }
    const now = await fleet().json(['up'], { env })
    assert.deepEqual(statesOf(now), { alpha: 'healthy', planned: 'planned' })
    const beta = fetch(`http://127.0.0.1:${fleet().ports['beta']}/health`)
    await assert.rejects(beta, 'beta still answers')
  })
})
