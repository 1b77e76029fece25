import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, renameSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Finding } from '../../src/doctor/finding.ts'
import { useFleet } from '../support/fleet.ts'
import { commandLineOf, environmentOfProcess, isAlive, processesNaming } from '../support/processes.ts' // prettier-ignore
import { waitUntil } from '../support/wait-until.ts'

const CHECKS = [
  'node', 'pm2', 'memory', 'descriptors', 'disk', 'clock', 'reserved-ports', 'held-ports', 'pm2-daemons', 'orphans',
  'registry', 'file-modes', 'database', 'key-ring',
] // prettier-ignore

describe('berth doctor', function () {
  this.timeout(60_000)
  const fleet = useFleet()
  const examine = async (env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await fleet().run(['doctor', '--json'], { env })
    assert.equal(stderr, '')
    const { findings, ok } = JSON.parse(stdout) as { findings: Finding[]; ok: boolean }
    assert.equal(code, ok ? 0 : 1)
    assert.equal(ok, findings.every(({ level }) => level !== 'error')) // prettier-ignore
    return findings
  }
  const errorsOf = (findings: readonly Finding[]) =>
    findings.filter(({ level }) => level === 'error').map(({ check }) => check)
  const pm2Daemon = () =>
    processesNaming(fleet().home).find((pid) => commandLineOf(pid).includes('God')) ?? 0

  it('looks at everything before the first start, finds no error and makes nothing', async () => {
    const findings = await examine()
    assert.deepEqual(findings.map(({ check }) => check), CHECKS) // prettier-ignore
    assert.deepEqual(errorsOf(findings), [])
    assert.equal(existsSync(fleet().home), false)
  })

  it('finds no error in a running fleet', async () => {
    await fleet().json(['up'])
    const findings = await examine()
    assert.deepEqual(errorsOf(findings), [])
    const said = (name: string) => findings.find(({ check }) => check === name)?.what ?? ''
    assert.match(said('held-ports'), /no stranger on the 4 ports of the fleet; 4 are in use/)
    assert.match(said('pm2'), /installed and running/)
    assert.match(said('database'), /schema version \d+/)
    assert.match(said('key-ring'), /^1 key in /)
  })

  it('says in words what is wrong, why, and what mends it', async () => {
    chmodSync(join(fleet().home, 'admin.token'), 0o644)
    renameSync(join(fleet().home, 'master.key'), join(fleet().home, 'away'))
    const { code, stdout } = await fleet().run(['doctor'])
    chmodSync(join(fleet().home, 'admin.token'), 0o600)
    renameSync(join(fleet().home, 'away'), join(fleet().home, 'master.key'))
    assert.equal(code, 1)
    for (const name of CHECKS) assert.match(stdout, new RegExp(`^[✓!✗] ${name}\\s`, 'm'))
    assert.match(stdout, /✗ file-modes: \S+admin\.token has mode 644\n {2}why {3}.+\n {2}fix {3}chmod 600 \S+admin\.token\n/) // prettier-ignore
    assert.match(stdout, /✗ key-ring: \S+master\.key is missing/)
    assert.match(stdout, /^2 errors, /m)
  })

  it('takes the fleet of this home for a stranger on the ports of another', async () => {
    const findings = await examine({ BERTH_HOME: join(fleet().home, '..', 'other') })
    assert.ok(errorsOf(findings).includes('held-ports'))
  })

  it('tells a stray PM2 daemon from the one that is used', async () => {
    const right = pm2Daemon()
    const require = createRequire(import.meta.url)
    const env = Object.fromEntries(environmentOfProcess(right).map((it) => it.split(/=(.*)/s)))
    const stray = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], { env, stdio: 'ignore' }) // prettier-ignore
    try {
      const verdict = await waitUntil('the stray daemon is seen', async () =>
        (await examine()).find(({ check, level }) => check === 'pm2-daemons' && level === 'error'),
      )
      assert.equal(verdict.fix, `kill ${stray.pid ?? '?'} && berth up`)
    } finally {
      const ended = once(stray, 'exit')
      stray.kill('SIGKILL')
      await ended
    }
  })

  it('finds what a killed PM2 has left behind, and what it says mends it', async () => {
    const pm2 = pm2Daemon()
    process.kill(pm2, 'SIGKILL')
    await waitUntil('PM2 is dead', () => !isAlive(pm2))
    const orphans = (await examine()).find(({ check }) => check === 'orphans')
    assert.equal(orphans?.level, 'error')
    assert.equal(orphans.fix, 'berth down && berth up')
    for (const verb of ['down', 'up']) await fleet().json([verb])
    assert.deepEqual(errorsOf(await examine()), [])
  })

  it('is not held up by a database that never answers', async () => {
    const silent = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer(() => {}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
    ])
    const [port] = (await once(silent.stdout, 'data')) as [Buffer]
    try {
      const DATABASE_URL = `postgres://ann:hunter2@127.0.0.1:${String(port).trim()}/berth`
      const findings = await examine({ DATABASE_URL })
      assert.deepEqual(errorsOf(findings), ['database'])
      assert.doesNotMatch(JSON.stringify(findings), /hunter2/)
    } finally {
      silent.kill('SIGKILL')
    }
  })
})
