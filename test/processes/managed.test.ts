import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { AppError } from '../../src/base/errors.ts'
import { createManagedProcesses } from '../../src/processes/managed.ts'
import { createPm2, type Pm2, type RunningProcess } from '../../src/processes/pm2.ts'
import { FOREVER, makeApp } from '../support/apps.ts'
import { commandLineOf, isAlive, processesNaming } from '../support/processes.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A PM2 in memory that knows some processes. */
const fakePm2 = (known: { name: string; pid: number }[], over: Partial<Pm2> = {}): Pm2 => ({
  list: () =>
    Promise.resolve(known.map((one, pmId) => ({ pmId, ...one }) as unknown as RunningProcess)),
  start: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  end: () => Promise.resolve(),
  isAlive: () => Promise.resolve(true),
  ...over,
})

describe("the fleet's processes under a PM2 that may die", () => {
  const children: ChildProcess[] = []
  const real = () => createPm2(pm2Home())
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    for (const { pmId } of await real().list()) await real().remove(pmId)
    await real().end()
    await waitUntil('nothing is left', () => processesNaming(folder()).length === 0)
  })
  const folder = useTempFolder()
  const pm2Home = () => join(folder(), 'pm2')

  const manage = (pm2: Pm2, over: { self?: string; onOrphaned?: () => void } = {}) =>
    createManagedProcesses({
      pm2,
      launch: { pm2, pm2Home: pm2Home(), lockFolder: folder(), env: { PATH: '/usr/bin:/bin' } },
      homeRoot: folder(),
      self: over.self,
      onOrphaned: over.onOrphaned ?? (() => assert.fail('it is no orphan')),
    })
  const spawnHost = (env: Record<string, string>): number => {
    const child = spawn(process.execPath, ['-e', FOREVER], { env, stdio: 'ignore' })
    children.push(child)
    return child.pid!
  }

  it('launches PM2 when it is not there, and again after it was killed', async () => {
    const managed = manage(real())
    assert.deepEqual(await managed.list(), [])
    await managed.start(makeApp('mcp-a'))
    assert.deepEqual((await managed.list()).map(({ name }) => name), ['mcp-a']) // prettier-ignore
    const [lost] = (await managed.list()).map(({ pid }) => pid!)
    const daemon = processesNaming(pm2Home()).find((pid) => commandLineOf(pid).includes('God'))
    process.kill(daemon!, 'SIGKILL')
    await waitUntil('PM2 is dead', () => !isAlive(daemon!))
    assert.deepEqual(await managed.list(), [], 'a new one, which knows nothing')
    assert.equal(isAlive(lost!), true, 'what it ran lives on')
    process.kill(lost!, 'SIGKILL')
  })

  it('does not launch another PM2 because one is slow', async () => {
    const slow = new AppError('pm2_unreachable', 'no answer in time')
    const managed = manage(fakePm2([], { list: () => Promise.reject(slow) }))
    await assert.rejects(managed.list(), slow)
  })

  it('passes on what else goes wrong', async () => {
    const refusal = new AppError('pm2_failed', 'PM2 said no')
    const isAliveNow = () => Promise.resolve(assert.fail('nobody asks whether it lives'))
    const pm2 = fakePm2([], { list: () => Promise.reject(refusal), isAlive: isAliveNow })
    await assert.rejects(manage(pm2).list(), refusal)
  })

  it('tells a process that PM2 does not know any more, and no other', async () => {
    let orphaned = 0
    const over = { self: 'main-api', onOrphaned: () => (orphaned += 1) }
    await manage(fakePm2([{ name: 'main-api', pid: process.pid }]), over).list()
    await manage(fakePm2([]), { onOrphaned: over.onOrphaned }).list()
    assert.equal(orphaned, 0)
    await manage(fakePm2([{ name: 'main-api', pid: 1 }]), over).list()
    assert.equal(orphaned, 1)
    await manage(fakePm2([]), over).list()
    assert.equal(orphaned, 2)
  })

  it('ends the orphans of the named hosts in this home, and nothing else', async () => {
    const home = { BERTH_HOME: folder() }
    const orphan = spawnHost({ ...home, name: 'mcp-a' })
    const spared = [
      spawnHost({ ...home, name: 'mcp-known' }),
      spawnHost({ ...home, name: 'mcp-b' }),
      spawnHost({ BERTH_HOME: `${folder()}-of-others`, name: 'mcp-a' }),
      spawnHost({ ...home, title: 'mcp-a' }),
    ]
    await waitUntil('they have started', () => processesNaming(folder()).length >= 5)
    const pm2 = fakePm2([{ name: 'mcp-known', pid: spared[0]! }])
    await manage(pm2).endOrphans(['mcp-a', 'mcp-known'])
    assert.equal(isAlive(orphan), false)
    assert.deepEqual(spared.filter(isAlive), spared)
  })
})
