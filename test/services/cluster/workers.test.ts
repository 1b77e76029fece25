import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { useCleanup } from '../../support/cleanup.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { isAlive } from '../../support/processes.ts'
import { waitUntil } from '../../support/wait-until.ts'

const ROOT = join(import.meta.dirname, '../../..')
const LAUNCHER = join(ROOT, 'src/services/cluster/main.ts')
const PROGRAM = join(ROOT, 'test/fixtures/worker.cjs')

describe('several processes of one program', function () {
  this.timeout(30_000)
  const cleanUp = useCleanup()

  const launch = async (count: number, more: Record<string, string> = {}) => {
    const [port = 0] = await findFreePorts(1)
    const env = { PATH: process.env['PATH'], PORT: String(port), ...more }
    const args = ['--import=tsx', LAUNCHER, String(count), '0', PROGRAM]
    const launcher: ChildProcess = spawn(process.execPath, args, {
      env,
      cwd: ROOT,
      stdio: 'ignore',
    })
    const exited = once(launcher, 'exit')
    cleanUp(async () => {
      launcher.kill('SIGTERM')
      await exited
    })
    const ask = async (path = '/'): Promise<number | undefined> => {
      try {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
          headers: { connection: 'close' },
          signal: AbortSignal.timeout(5_000),
        })
        return ((await answer.json()) as { pid: number }).pid
      } catch {
        return undefined
      }
    }
    /** Waits until so many different processes have answered. */
    const answering = async (wanted: number, without: readonly number[] = []) => {
      const pids = new Set<number>()
      await waitUntil(`${wanted} processes answer`, async () => {
        const pid = await ask()
        if (pid !== undefined && !without.includes(pid)) pids.add(pid)
        return pids.size === wanted
      })
      return [...pids]
    }
    return { launcher, exited, ask, answering }
  }

  it('share one port, and one that ends is replaced while the others serve', async () => {
    const { ask, answering } = await launch(2)
    const [first = 0, second = 0] = await answering(2)
    assert.equal(await ask('/end'), undefined)
    const gone = await waitUntil('one has ended', () =>
      [first, second].find((pid) => !isAlive(pid)),
    )
    const now = await answering(2, [gone])
    assert.ok(now.includes(gone === first ? second : first), 'the other goes on')
  })

  it('end together at a signal', async () => {
    const { launcher, exited, answering } = await launch(3)
    const pids = await answering(3)
    launcher.kill('SIGTERM')
    assert.deepEqual(await exited, [0, null])
    assert.deepEqual(pids.filter(isAlive), [])
  })

  it('are given up with the code of one that ends before it listens: backoff is for PM2', async () => {
    const { exited } = await launch(2, { FAIL_AT_BIRTH: '1' })
    assert.deepEqual(await exited, [9, null])
  })
})
