import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { acquireLock, findLockHolder, withLock } from '../../src/base/lock.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/hold-lock.ts')
const holder = { role: 'tester' }

describe('a lock among processes', function () {
  this.timeout(30_000)
  const temp = useTempFolder()
  const children: ChildProcess[] = []
  const newFolder = () => mkdtempSync(join(temp(), 'lock-'))

  const startHolder = async (folder: string, how = 'forever') => {
    const args = ['--import=tsx', FIXTURE, folder, 'fleet', how]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, pid: child.pid ?? 0, said: said.toString().trim() }
  }
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  afterEach(async () => {
    const running = children.splice(0).filter((c) => c.exitCode === null && c.signalCode === null)
    await Promise.all(running.map((child) => end(child, 'SIGKILL')))
  })

  it('is refused while another process holds it, and says who that is', async () => {
    const folder = newFolder()
    const { pid, said } = await startHolder(folder)
    assert.equal(said, 'held')
    await assert.rejects(acquireLock({ folder, name: 'fleet', holder }), {
      code: 'locked',
      message: new RegExp(`^${folder} is held by holder \\(pid ${pid}, since \\d{4}-`),
    })
    const found = await findLockHolder(folder, 'fleet')
    assert.deepEqual(
      { ...found, since: '' },
      { role: 'holder', url: 'http://127.0.0.1:3999', pid, since: '' },
    )
  })

  it('is free at once when its holder was killed', async () => {
    const folder = newFolder()
    const { child } = await startHolder(folder)
    await end(child, 'SIGKILL')
    assert.ok(existsSync(join(folder, 'fleet.holder.json')), 'the dead holder left its note')
    assert.equal(await findLockHolder(folder, 'fleet'), undefined)
    const lock = await acquireLock({ folder, name: 'fleet', holder })
    assert.equal((await findLockHolder(folder, 'fleet'))?.pid, process.pid)
    await lock.release()
  })

  it('goes to one of several processes that want it at the same moment', async () => {
    const folder = newFolder()
    const all = await Promise.all(Array.from({ length: 4 }, () => startHolder(folder)))
    const said = all.map((one) => one.said)
    assert.equal(said.filter((text) => text === 'held').length, 1, said.join('\n'))
    assert.equal(said.filter((text) => text.includes(' is held by ')).length, 3, said.join('\n'))
  })

  it('does not keep its holder running', async () => {
    const { child } = await startHolder(newFolder(), 'briefly')
    if (child.exitCode === null) await once(child, 'exit')
    assert.equal(child.exitCode, 0)
  })

  it('is one per folder and name', async () => {
    const folder = newFolder()
    const locks = [
      await acquireLock({ folder, name: 'fleet', holder }),
      await acquireLock({ folder, name: 'database', holder }),
      await acquireLock({ folder: newFolder(), name: 'fleet', holder }),
    ]
    await Promise.all(locks.map((lock) => lock.release()))
  })

  it('is refused within the same process too, until it is released, once or twice', async () => {
    const request = { folder: newFolder(), name: 'fleet', holder }
    const lock = await acquireLock(request)
    await assert.rejects(acquireLock(request), { code: 'locked' })
    await Promise.all([lock.release(), lock.release()])
    const next = await acquireLock(request)
    await lock.release()
    await assert.rejects(acquireLock(request), { code: 'locked' }, 'an old release frees nothing')
    assert.equal((await findLockHolder(request.folder, 'fleet'))?.role, 'tester')
    await next.release()
  })

  it('is not taken by looking who holds it', async () => {
    const folder = newFolder()
    assert.equal(await findLockHolder(folder, 'fleet'), undefined)
    const lock = await acquireLock({ folder, name: 'fleet', holder })
    await lock.release()
    assert.equal(await findLockHolder(folder, 'fleet'), undefined)
    await (await acquireLock({ folder, name: 'fleet', holder })).release()
  })

  it('has a name that no other user can read', async () => {
    const request = { folder: newFolder(), name: 'fleet', holder }
    await (await acquireLock(request)).release()
    const file = join(request.folder, 'fleet.lock')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    chmodSync(file, 0o644)
    await assert.rejects(acquireLock(request), { code: 'file_insecure' })
    await assert.rejects(findLockHolder(request.folder, 'fleet'), { code: 'file_insecure' })
  })
})

describe('withLock', () => {
  const temp = useTempFolder()

  it('waits for the lock, works, and gives the result', async () => {
    const request = { folder: temp(), name: 'waiting', holder }
    const lock = await acquireLock(request)
    const events: string[] = []
    const work = withLock({ ...request, deadlineMs: 5_000 }, () => {
      events.push('work')
      return Promise.resolve(7)
    })
    await assert.rejects(acquireLock(request), { code: 'locked' })
    events.push('release')
    await lock.release()
    assert.equal(await work, 7)
    assert.deepEqual(events, ['release', 'work'])
  })

  it('frees the lock when the work fails', async () => {
    const request = { folder: temp(), name: 'failing', holder }
    const failing = withLock({ ...request, deadlineMs: 0 }, () => Promise.reject(new Error('no')))
    await assert.rejects(failing, { message: 'no' })
    await (await acquireLock(request)).release()
  })

  it('does nothing when the lock does not come free in time', async () => {
    const request = { folder: temp(), name: 'held', holder }
    const lock = await acquireLock(request)
    const late = withLock({ ...request, deadlineMs: 0 }, () => assert.fail('worked'))
    await assert.rejects(late, { code: 'locked' })
    await lock.release()
  })
})
