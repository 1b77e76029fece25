import assert from 'node:assert/strict'
import { join } from 'node:path'
import { launchPm2 } from '../../src/processes/launch.ts'
import { createPm2, type Pm2, type RunningProcess } from '../../src/processes/pm2.ts'
import { makeApp } from '../support/apps.ts'
import { filesWith } from '../support/files-with.ts'
import { environmentOfProcess, isAlive, processesNaming } from '../support/processes.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const CANARY = 'canary-of-the-shell-71c2'

describe('PM2', () => {
  let pm2: Pm2
  after(async () => {
    delete process.env['TESTERS_SHELL']
    for (const { pmId } of await pm2.list()) await pm2.remove(pmId)
    await pm2.end()
    await waitUntil('nothing of PM2 is left', () => processesNaming(folder()).length === 0)
    assert.equal(await pm2.isAlive(), false)
  })
  const folder = useTempFolder()
  before(async () => {
    process.env['TESTERS_SHELL'] = CANARY
    const pm2Home = join(folder(), 'pm2')
    pm2 = createPm2(pm2Home)
    const env = { PATH: process.env['PATH'] ?? '' }
    assert.equal(await launchPm2({ pm2, pm2Home, lockFolder: folder(), env }), true)
  })

  const find = async (name: string): Promise<RunningProcess> => {
    const found = (await pm2.list()).filter((process) => process.name === name)
    assert.equal(found.length, 1, `PM2 lists one ${name}`)
    return found[0]!
  }

  it('starts an app and lists it with pid, state, start and exactly the given variables', async () => {
    const begin = Date.now()
    await pm2.start(makeApp('one', { env: { FLEET_COLOUR: 'green', PORT: '1' } }))
    const one = await find('one')
    assert.equal(one.status, 'online')
    assert.equal(one.restarts, 0)
    assert.ok(one.startedAt.getTime() >= begin, 'the start is now, not the epoch')
    const { unique_id: _ofPm2, ...given } = one.env
    assert.deepEqual(given, { FLEET_COLOUR: 'green', PORT: '1' })
    const seen = environmentOfProcess(one.pid!)
    assert.ok(seen.includes('FLEET_COLOUR=green'))
    assert.deepEqual(seen.filter((variable) => variable.includes(CANARY)), []) // prettier-ignore
    assert.equal(seen.some((variable) => variable.startsWith('HOME=')), false) // prettier-ignore
  })

  it('removes by id, so that of two with one name the right one ends', async () => {
    await pm2.start(makeApp('twin'))
    await pm2.start(makeApp('twin'))
    const [first, second] = (await pm2.list()).filter(({ name }) => name === 'twin')
    await pm2.remove(first!.pmId)
    const left = await find('twin')
    assert.equal(left.pmId, second!.pmId)
    assert.equal(isAlive(first!.pid!), false, 'its process has ended')
    assert.equal(isAlive(second!.pid!), true)
  })

  it('refuses to remove what is not there', async () => {
    await assert.rejects(pm2.remove(4711), { code: 'pm2_failed', message: /deleteProcessId/ })
  })

  it('starts a killed app again and counts it', async () => {
    await pm2.start(makeApp('mortal'))
    const { pid } = await find('mortal')
    process.kill(pid!, 'SIGKILL')
    const again = await waitUntil('it is online again', async () => {
      const now = await find('mortal')
      return now.status === 'online' && now.pid !== pid && now
    })
    assert.equal(again.restarts, 1)
  })

  it('leaves an app stopped that ends with the code for "do not restart"', async () => {
    await pm2.start(makeApp('done', { program: 'process.exit(3)' }))
    const done = await waitUntil('it has stopped', async () => {
      const now = await find('done')
      return now.status === 'stopped' && now
    })
    assert.equal(done.pid, undefined)
    assert.equal(done.restarts, 0)
  })

  it('gives no pid for an app that waits for its restart', async () => {
    await pm2.start(makeApp('waiting', { program: '0', exp_backoff_restart_delay: 60_000 }))
    const waiting = await waitUntil('it waits', async () => {
      const now = await find('waiting')
      return now.status === 'waiting restart' && now
    })
    assert.equal(waiting.pid, undefined)
  })

  it('ends an app that ignores the signal, after its time', async () => {
    const program = "process.on('SIGINT', () => 0); console.log('deaf'); setInterval(() => 0, 1e6)"
    const log = join(folder(), 'deaf.log')
    await pm2.start(makeApp('deaf', { program, kill_timeout: 200, out_file: log }))
    await waitUntil('it is deaf', () => filesWith(folder(), 'deaf\n').includes(log))
    const { pid, pmId } = await find('deaf')
    await pm2.remove(pmId)
    assert.equal(isAlive(pid!), false)
    assert.equal((await pm2.list()).some(({ name }) => name === 'deaf'), false) // prettier-ignore
  })
})
