import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { commandOf, endProcesses, findListener, findProcessesWith, isRunning, residentBytesOf, treeBytesOf, treeCpuSecondsOf, treeOf, waitUntilGone } from '../../src/base/proc.ts' // prettier-ignore
import { findFreePorts } from '../support/free-ports.ts'
import { waitUntil } from '../support/wait-until.ts'

const NOBODY = 2 ** 22 + 1 // Linux gives no pid above 2^22

describe('processes of this machine', () => {
  const children: ChildProcess[] = []
  const sleeper = async (program: string, env: Record<string, string> = {}) => {
    const child = spawn('sh', ['-c', program], { env: { PATH: process.env['PATH'], ...env } })
    children.push(child)
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    return { child, pid: child.pid ?? 0, said: said.toString().trim() }
  }
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it('are counted with what they started, and what of that has ended', async () => {
    const { pid, said } = await sleeper('(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); sleep 60 & echo $!; wait') // prettier-ignore
    const tree = treeOf(pid)
    assert.deepEqual(tree, [pid, Number(said)])
    assert.ok(treeBytesOf(pid) > residentBytesOf(pid))
    assert.ok(treeCpuSecondsOf(pid) > 0, 'the loop, which has ended, took its time')
    process.kill(Number(said))
  })

  it('are found by a variable with exactly this value', async () => {
    const mark = `m${process.pid}`
    const { pid } = await sleeper('echo up; exec sleep 60', { BERTH_MARK: mark })
    const other = await sleeper('echo up; exec sleep 60', { BERTH_MARK: `${mark}0` })
    assert.deepEqual(findProcessesWith('BERTH_MARK', mark), [pid])
    assert.deepEqual(findProcessesWith('BERTH_MARK', `${mark}0`), [other.pid])
    assert.deepEqual(findProcessesWith('BERTH_MAR', mark), [])
  })

  it('tell their command line', async () => {
    const { pid } = await sleeper('echo up; exec sleep 61')
    await waitUntil('the shell has become sleep', () => commandOf(pid) === 'sleep 61')
    assert.equal(commandOf(NOBODY), '')
  })

  it('run until they have ended; a zombie has', async () => {
    const { child, pid, said } = await sleeper(
      'exec 3<&0; { read line <&3; } & echo $!; exec sleep 62',
    )
    const zombie = Number(said)
    await waitUntil('the shell has become sleep', () => commandOf(pid) === 'sleep 62')
    assert.deepEqual([isRunning(pid), isRunning(zombie)], [true, true])
    child.stdin.end('end\n')
    await waitUntil('the child of sleep has ended', () => !isRunning(zombie))
    assert.ok(existsSync(`/proc/${zombie}`), 'nobody has reaped it')
    assert.equal(isRunning(NOBODY), false)
  })

  it('are waited for until the deadline; who is left is told', async () => {
    const { child, pid } = await sleeper('echo up; exec sleep 60')
    assert.deepEqual(await waitUntilGone([NOBODY, pid], 0), [pid])
    const gone = waitUntilGone([pid], 10_000)
    child.kill('SIGKILL')
    assert.deepEqual(await gone, [])
  })

  it('are asked to end, and made to when they do not', async () => {
    const polite = await sleeper('trap "echo asked; exit 0" TERM; echo up; while :; do sleep 0.01; done') // prettier-ignore
    const stubborn = await sleeper('trap "" TERM; echo up; while :; do sleep 0.05; done')
    const asked = once(polite.child.stdout, 'data')
    const exits = [once(polite.child, 'exit'), once(stubborn.child, 'exit')]
    await endProcesses([polite.pid, NOBODY, stubborn.pid], 500)
    assert.match(String((await asked)[0]), /asked/)
    const [ofPolite, ofStubborn] = await Promise.all(exits)
    assert.deepEqual(ofPolite, [0, null])
    assert.deepEqual(ofStubborn, [null, 'SIGKILL'])
  })
})

describe('findListener', () => {
  for (const address of ['127.0.0.1', '::1', '0.0.0.0'])
    it(`tells who listens on ${address}`, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, address, resolve))
      const found = findListener((server.address() as AddressInfo).port)
      assert.ok(found)
      assert.equal(found.pid, process.pid)
      assert.match(found.command, /mocha/)
      await new Promise((resolve) => server.close(resolve))
    })

  it('names a process that opens and closes descriptors all the time', async () => {
    const program = `
      const { openSync, closeSync } = require('node:fs')
      const open = () => Array.from({ length: 50 }, () => openSync('/dev/null'))
      let files = open() // below the descriptor of the listener
      require('node:net').createServer().listen(0, '127.0.0.1', function () {
        console.log(this.address().port)
        setInterval(() => {
          for (let i = 0; i < 200; i++) { files.forEach((file) => closeSync(file)); files = open() }
        }, 1)
      })`
    const child = spawn(process.execPath, ['-e', program])
    try {
      const [said] = (await once(child.stdout, 'data')) as [Buffer]
      const found = Array.from({ length: 100 }, () => findListener(Number(said.toString()))?.pid)
      assert.deepEqual(new Set(found), new Set([child.pid]))
    } finally {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  })

  it('tells nobody for a port that is free', async () => {
    const [port = 0] = await findFreePorts(1)
    assert.equal(findListener(port), undefined)
  })

  it('does not take an outgoing connection for a listener', async () => {
    const server = createServer((socket) => socket.unref())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await once(socket, 'connect')
    const { localPort = 0 } = socket
    assert.ok(localPort > 0)
    assert.equal(findListener(localPort), undefined)
    socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
})
