import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { launchPm2 } from '../../src/processes/launch.ts'
import { createPm2, type Pm2 } from '../../src/processes/pm2.ts'
import { makeApp } from '../support/apps.ts'
import { filesBelow, filesWith } from '../support/files-with.ts'
import { commandLineOf, environmentOfProcess, processesNaming } from '../support/processes.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const CANARY = 'canary-of-the-shell-93fe'

describe('launching PM2', () => {
  const launched: { pm2: Pm2; home: string }[] = []
  after(async () => {
    delete process.env['TESTERS_SHELL']
    for (const { pm2, home } of launched) {
      for (const { pmId } of await pm2.list().catch(() => [])) await pm2.remove(pmId)
      await pm2.end()
      await waitUntil('nothing of PM2 is left', () => processesNaming(home).length === 0)
    }
  })
  const folder = useTempFolder()
  before(() => {
    process.env['TESTERS_SHELL'] = CANARY
  })

  const makeHome = () => {
    const home = join(folder(), String(launched.length))
    mkdirSync(home, { mode: 0o700 })
    const pm2 = createPm2(home)
    launched.push({ pm2, home })
    const launch = (env: Record<string, string> = {}) =>
      launchPm2({
        pm2,
        pm2Home: home,
        lockFolder: folder(),
        env: { PATH: '/usr/bin:/bin', ...env },
      })
    return { home, pm2, launch }
  }
  const daemonsOf = (home: string): number[] =>
    processesNaming(home).filter((pid) => commandLineOf(pid).includes('God'))

  it('starts one daemon when several find none at once, and none when it runs', async () => {
    const { home, launch } = makeHome()
    const started = await Promise.all([launch(), launch(), launch()])
    assert.deepEqual(started.sort(), [false, false, true])
    assert.equal(daemonsOf(home).length, 1)
    assert.equal(await launch(), false)
    assert.equal(daemonsOf(home).length, 1)
  })

  it('starts anew over the sockets of a killed daemon', async () => {
    const { home, pm2, launch } = makeHome()
    await launch()
    const [first] = daemonsOf(home)
    process.kill(first!, 'SIGKILL')
    await waitUntil('it is dead', () => daemonsOf(home).length === 0)
    assert.ok(statSync(join(home, 'rpc.sock')).isSocket(), 'its socket is still there')
    await assert.rejects(pm2.list(), { code: 'pm2_unreachable', message: /cannot be reached/ })
    assert.equal(await launch(), true)
    assert.deepEqual(await pm2.list(), [])
    assert.notEqual(daemonsOf(home)[0], first)
  })

  it("keeps the variables of the tester's shell out of the daemon, its apps and its files", async () => {
    const { home, pm2, launch } = makeHome()
    await launch()
    const log = join(home, 'logs', 'talker.log')
    const program = `console.log(JSON.stringify(process.env)); setInterval(() => 0, 1e6)`
    await pm2.start(makeApp('talker', { program, out_file: log, env: { GIVEN: 'yes' } }))
    await waitUntil('it has written', () => filesWith(home, '"GIVEN":"yes"').length > 0)
    const [daemon] = daemonsOf(home)
    assert.ok(environmentOfProcess(daemon!).includes('PATH=/usr/bin:/bin'))
    for (const pid of processesNaming(home))
      assert.deepEqual(environmentOfProcess(pid).filter((text) => text.includes(CANARY)), []) // prettier-ignore
    assert.ok(filesBelow(home).length > 2)
    assert.deepEqual(filesWith(home, CANARY), [])
    assert.deepEqual(filesWith(home, 'TESTERS_SHELL'), [])
    assert.equal(JSON.parse(readFileSync(log, 'utf8')).HOME, undefined)
  })

  it('says why and where the log is when the daemon ends at once', async () => {
    const { home, launch } = makeHome()
    await assert.rejects(launch({ NODE_OPTIONS: '--no-such-option' }), {
      code: 'pm2_unreachable',
      message: /ended with code 9.*pm2\.log/,
    })
    assert.match(readFileSync(join(home, 'pm2.log'), 'utf8'), /no-such-option/)
    assert.deepEqual(processesNaming(home), [])
  })

  it('refuses a home whose path is too long for a socket, before it starts anything', async () => {
    const home = join(folder(), 'x'.repeat(107))
    const request = { pm2: createPm2(home), pm2Home: home, lockFolder: folder(), env: {} }
    await assert.rejects(launchPm2(request), { code: 'config_invalid', message: /too long/ })
    assert.equal(existsSync(home), false)
  })
})
