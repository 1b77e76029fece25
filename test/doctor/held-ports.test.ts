import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { checkHeldPorts } from '../../src/doctor/held-ports.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { startRecorder } from '../support/recorder.ts'

const LISTEN = `const net = require('node:net')
const ports = process.argv.slice(2).map(Number)
let left = ports.length
for (const port of ports)
  net.createServer().listen(port, process.argv[1], () => --left === 0 && process.stdout.write('ready'))`

const CONNECT = `const net = require('node:net')
const [to, from] = process.argv.slice(1).map(Number)
net.connect({ host: '127.0.0.1', port: to, localAddress: '127.0.0.1', localPort: from }, () =>
  process.stdout.write('ready'))`

describe('the check of held ports', () => {
  const children: ChildProcess[] = []
  afterEach(async () => {
    for (const child of children.splice(0)) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
  })
  /** Another process; resolves when it says that it is ready. */
  const run = async (program: string, ...args: (string | number)[]): Promise<number> => {
    const child = spawn(process.execPath, ['-e', program, '--', ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    await once(child.stdout, 'data')
    assert.ok(child.pid)
    return child.pid
  }
  const check = (ports: readonly number[], ours: readonly number[] = []) =>
    checkHeldPorts({
      ports: new Map(ports.map((port, index) => [port, `service-${index}`])),
      ours: () => Promise.resolve(new Set(ours)),
    })

  it('is content with free ports, and with ports that our own processes have', async () => {
    const ports = await findFreePorts(3)
    assert.deepEqual((await check(ports)).map(({ level }) => level), ['ok']) // prettier-ignore
    const pid = await run(LISTEN, '127.0.0.1', ports[0] ?? 0)
    const verdicts = await check(ports, [pid])
    assert.deepEqual(verdicts.map(({ level }) => level), ['ok']) // prettier-ignore
    assert.match(verdicts[0]?.what ?? '', /1 are in use/)
  })

  it('names a stranger once, with its pid, its command and all the ports that it has', async () => {
    const ports = (await findFreePorts(3)).sort((a, b) => a - b)
    const [first = 0, second = 0] = ports
    const pid = await run(LISTEN, '127.0.0.1', first, second)
    const verdicts = await check(ports)
    assert.equal(verdicts.length, 1)
    assert.equal(verdicts[0]?.level, 'error')
    assert.match(
      verdicts[0].what,
      new RegExp(`${first} \\(service-0\\), ${second} \\(service-1\\)`),
    )
    assert.match(verdicts[0].what, new RegExp(`pid ${pid}: .*node`))
    assert.equal(verdicts[0].fix, `kill ${pid}`)
  })

  it('sees who listens on all addresses, IPv6 too, but not who is elsewhere', async () => {
    const ports = await findFreePorts(3)
    const everywhere = await run(LISTEN, '0.0.0.0', ports[0] ?? 0)
    const both = await run(LISTEN, '::', ports[1] ?? 0)
    await run(LISTEN, '127.0.0.2', ports[2] ?? 0)
    const fixes = (await check(ports)).map(({ fix }) => fix)
    assert.deepEqual(fixes.sort(), [`kill ${everywhere}`, `kill ${both}`].sort())
  })

  it('warns of an outgoing connection that the kernel gave a static port', async () => {
    const recorder = await startRecorder()
    try {
      const [port = 0] = await findFreePorts(1)
      const pid = await run(CONNECT, recorder.port, port)
      const [verdict] = await check([port], [pid])
      assert.equal(verdict?.level, 'warning')
      assert.match(verdict.what, new RegExp(`port ${port} taken by a connection of pid ${pid}`))
    } finally {
      await recorder.stop()
    }
  })

  it('takes the connections of a port that is served for what they are', async () => {
    const [port = 0, client = 0] = await findFreePorts(2)
    const pid = await run(LISTEN, '127.0.0.1', port)
    await run(CONNECT, port, client)
    assert.deepEqual((await check([port], [pid])).map(({ level }) => level), ['ok']) // prettier-ignore
  })
})
