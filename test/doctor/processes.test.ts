import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { checkGateway } from '../../src/doctor/gateway.ts'
import { checkOrphans } from '../../src/doctor/orphans.ts'
import { checkPm2Daemons } from '../../src/doctor/pm2-daemons.ts'
import { listenersOn } from '../../src/base/process-sockets.ts'
import { residentBytes } from '../../src/doctor/resident.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('the checks of processes', () => {
  const temp = useTempFolder()

  it('takes what PM2 does not know for an orphan, unless it has ended meanwhile', async () => {
    const needs = { find: () => [10, 11, 12], isRunning: (pid: number) => pid !== 12 }
    const orphansOf = async (known: ReadonlySet<number> | undefined) =>
      /pids (.*)/.exec((await checkOrphans({ ...needs, known: () => Promise.resolve(known) }))[0]?.what ?? '')?.[1] // prettier-ignore
    assert.equal(await orphansOf(new Set([10, 11])), undefined)
    assert.equal(await orphansOf(new Set([10])), '11')
    assert.equal(await orphansOf(undefined), '10, 11')
  })

  it('looks at the processes before it asks PM2: what starts meanwhile is no orphan', async () => {
    const running = [10]
    const verdicts = await checkOrphans({
      find: () => [...running],
      known: () => {
        running.push(11)
        return Promise.resolve(new Set([10]))
      },
      isRunning: () => true,
    })
    assert.equal(verdicts[0]?.level, 'ok')
  })

  it('wants every process of the gateway to listen and to be ready', async () => {
    const check = async (listening: number[], { isReady = true, isFleetUp = true } = {}) => {
      const needs = { port: 3001, wanted: 2, listening, isFleetUp, logFile: 'l' }
      return (await checkGateway({ ...needs, isReady: () => Promise.resolve(isReady) }))[0]
    }
    assert.equal((await check([5, 6]))?.level, 'ok')
    assert.equal((await check([], { isFleetUp: false }))?.level, 'ok')
    assert.equal((await check([5]))?.fix, 'berth gateway restart')
    assert.match((await check([5, 6], { isReady: false }))?.what ?? '', /knows no service/)
    assert.equal((await check([]))?.level, 'error')
  })

  it('wants one PM2 daemon that answers, or none', async () => {
    const check = async (pids: number[], { listening = pids, answers = true } = {}) =>
      (await checkPm2Daemons({
        find: () => pids,
        listening: () => listening,
        answers: () => Promise.resolve(answers),
      }))[0] // prettier-ignore
    assert.equal((await check([]))?.level, 'ok')
    assert.equal((await check([5]))?.level, 'ok')
    assert.equal((await check([5], { answers: false }))?.level, 'error')
    assert.equal((await check([5, 6, 7], { listening: [6] }))?.fix, 'kill 5 7 && berth up')
    // Each of them had the socket: none can be told to be the right one.
    assert.match((await check([5, 6]))?.fix ?? '', /^kill 5 6; berth down/)
  })

  it('tells who listens on a unix socket', async () => {
    const path = join(temp(), 'rpc.sock')
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(path, resolve))
    const pids = [process.pid, process.ppid]
    assert.deepEqual(listenersOn(path, pids), [process.pid])
    assert.deepEqual(listenersOn(join(temp(), 'pub.sock'), pids), [])
    await new Promise((resolve) => server.close(resolve))
    assert.deepEqual(listenersOn(path, pids), [])
  })

  it('adds up the memory of processes, and counts one that has ended as nothing', () => {
    assert.ok(residentBytes([process.pid]) > 10 * 1024 ** 2)
    assert.equal(residentBytes([2 ** 22 + 1]), 0) // above the kernel's highest pid
  })
})
