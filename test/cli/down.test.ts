import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pidsOf, statesOf, useFleet } from '../support/fleet.ts'
import { commandLineOf, isAlive, processesNaming } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'

const SOCKETS = ['rpc.sock', 'pub.sock', 'pm2.pid']

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

describe('berth down', function () {
  this.timeout(30_000)
  const fleet = useFleet({ env: { BERTH_ISOLATION: 'dedicated' } })
  const pm2Daemon = (): number => {
    const found = processesNaming(fleet().home).filter((pid) => commandLineOf(pid).includes('God'))
    assert.equal(found.length, 1, 'there is one PM2')
    return found[0]!
  }
  const assertNothingIsLeft = async (): Promise<void> => {
    await waitUntil('no process is left', () => processesNaming(fleet().home).length === 0)
    for (const port of [fleet().port, ...Object.values(fleet().ports)])
      assert.equal(await isListening(port), false, `port ${port} is still served`)
    for (const name of SOCKETS)
      assert.equal(existsSync(join(fleet().home, 'pm2', name)), false, `${name} is still there`)
  }

  it('leaves no process, port or socket, and is content with nothing to do', async () => {
    const up = await fleet().json(['up'])
    const pids = Object.values(pidsOf(up))
    assert.equal(pids.filter((pid) => pid !== null && isAlive(pid)).length, 4)
    assert.equal(await isListening(fleet().port), true)
    assert.deepEqual(await fleet().json(['down']), { stopped: 4 })
    await assertNothingIsLeft()
    const again = await fleet().run(['down'])
    assert.deepEqual(again, { code: 0, stdout: 'Nothing was running.\n', stderr: '' })
  })

  it('ends, of a fleet that came up again, what a killed PM2 left behind', async () => {
    const up = await fleet().json(['up'])
    assert.deepEqual(statesOf(up), { alpha: 'healthy', beta: 'healthy', planned: 'planned' })
    const pm2 = pm2Daemon()
    process.kill(pm2, 'SIGKILL')
    await waitUntil('PM2 is dead', () => !isAlive(pm2))
    const hosts = up.hosts.map(({ pid }) => pid!)
    assert.deepEqual(hosts.filter(isAlive), hosts, 'the hosts live on without PM2')
    const { stopped } = await fleet().json<{ stopped: number }>(['down'])
    assert.ok(stopped >= hosts.length)
    await assertNothingIsLeft()
  })

  it('ends a PM2 that no longer answers, and everything under it', async () => {
    await fleet().json(['up'])
    process.kill(pm2Daemon(), 'SIGSTOP')
    const { stopped } = await fleet().json<{ stopped: number }>(['down'])
    assert.ok(stopped >= 4, 'three hosts and PM2; the daemon may have ended before')
    await assertNothingIsLeft()
  })

  it("leaves another home's fleet, and the operator's own apps in the fleet's PM2, running", async () => {
    const up = await fleet().json(['up'])
    const env = { BERTH_HOME: join(fleet().home, '..', 'other') }
    assert.deepEqual(await fleet().json(['down'], { env }), { stopped: 0 })
    assert.deepEqual(pidsOf(await fleet().json(['status'])), pidsOf(up))
    const program = ['-e', 'setInterval(() => undefined, 60_000)']
    const own = ['pm2', 'start', process.execPath, '--name', 'of-somebody', '--', ...program]
    const started = await fleet().run(own)
    assert.equal(started.code, 0, started.stdout + started.stderr)
    const pm2 = pm2Daemon()
    assert.deepEqual(await fleet().json(['down']), { stopped: 4 })
    const { stdout } = await fleet().run(['pm2', 'jlist'])
    const left = JSON.parse(stdout) as { name: string; pid: number }[]
    assert.deepEqual(left.map(({ name }) => name), ['of-somebody']) // prettier-ignore
    assert.ok(isAlive(left[0]!.pid) && isAlive(pm2))
    assert.equal((await fleet().run(['pm2', 'kill'])).code, 0)
    await assertNothingIsLeft()
  })
})
