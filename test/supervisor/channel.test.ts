import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { CONTROL_VERSION, type ControlCall } from '../../src/model/control.ts'
import { createControl } from '../../src/services/mcp/control.ts'
import { createChannel, type Channel } from '../../src/supervisor/channel.ts'
import { useCleanup } from '../support/cleanup.ts'
import { makeService } from '../support/services.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const REQUEST = { id: 1, version: CONTROL_VERSION, call: { method: 'describe' } }

describe("the daemon's end of a control channel", () => {
  const folder = useTempFolder()
  const cleanUp = useCleanup()
  let count = 0
  let socketPath: string
  let closed: number
  beforeEach(() => {
    socketPath = join(folder(), `${count++}.sock`)
    closed = 0
  })

  const openChannel = (deadlineMs = 5_000): Channel => {
    const channel = createChannel({ socketPath, deadlineMs, onClose: () => (closed += 1) })
    cleanUp(() => {
      channel.close()
      return Promise.resolve()
    })
    return channel
  }
  /** The real other end, as a host has it. */
  const startHost = async (answer: (call: ControlCall) => Promise<unknown>) => {
    const host = createControl({ socketPath, answer, log: silentLog })
    await host.start()
    cleanUp(host.stop)
    return host
  }
  /** Some other program behind the socket. */
  const startOther = async (answer: (socket: Socket, line: string) => void) => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => answer(socket, chunk.toString('utf8')))
    })
    await once(server.listen(socketPath), 'listening')
    cleanUp(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    return sockets
  }

  it('asks what a host serves, and brings it changes, over one connection', async () => {
    const description = { pid: 1, services: [makeService()], taken: [] }
    const calls: ControlCall[] = []
    await startHost((call) => {
      calls.push(call)
      return Promise.resolve(call.method === 'describe' ? description : undefined)
    })
    const channel = openChannel()
    assert.deepEqual(await channel.describe(), JSON.parse(JSON.stringify(description)))
    const change = { remove: ['figma'], put: [makeService()] }
    await channel.change(change)
    assert.deepEqual(calls[1], JSON.parse(JSON.stringify({ method: 'change', ...change })))
  })

  it('is not told again what it knows already', async () => {
    let services: unknown[] | undefined = [makeService()]
    const calls: ControlCall[] = []
    await startHost((call) => {
      calls.push(call)
      return Promise.resolve({ pid: 1, revision: 'a', taken: [], ...(services && { services }) })
    })
    const channel = openChannel()
    const first = await channel.describe()
    services = undefined
    assert.equal((await channel.describe()).services, first.services)
    assert.deepEqual(calls, [{ method: 'describe' }, { method: 'describe', known: 'a' }])
  })

  it('gives each of many callers its own answer, in whatever order they come', async () => {
    const release: (() => void)[] = []
    await startHost((call) => {
      const pid = release.length
      const services: unknown[] = []
      return new Promise((resolve) => {
        release.push(() => {
          resolve({ pid, call, services })
        })
      })
    })
    const channel = openChannel()
    const asked = [channel.describe(), channel.describe(), channel.describe()]
    await waitUntil('all have asked', () => release.length === 3)
    for (const answer of release.reverse()) answer()
    assert.deepEqual((await Promise.all(asked)).map(({ pid }) => pid).sort(), [0, 1, 2])
    assert.deepEqual((await asked[0])!.pid, 0)
  })

  it('tells why the host does not take a change', async () => {
    await startHost(() => Promise.reject(new Error('it is busy')))
    const change = openChannel().change({ remove: [], put: [] })
    await assert.rejects(change, { code: 'host_unreachable', message: /it is busy/ })
  })

  it('says so when the host speaks another version', async () => {
    await startOther((socket) =>
      socket.write('{"id":1,"error":"this host speaks version 2, not 1"}\n'),
    )
    const asked = openChannel().describe()
    await assert.rejects(asked, { code: 'host_unreachable', message: /version 2/ })
  })

  it('gives up at the deadline, and is not confused by the answer that comes too late', async () => {
    const lines: string[] = []
    const sockets = await startOther((_socket, line) => lines.push(line))
    const channel = openChannel(50)
    await assert.rejects(channel.describe(), { code: 'host_unreachable', message: /within 50 ms/ })
    assert.deepEqual(JSON.parse(lines[0] ?? ''), REQUEST)
    const second = channel.describe()
    sockets[0]?.write(
      '{"id":1,"result":{"pid":1,"services":[]}}\n{"id":2,"result":{"pid":2,"services":[]}}\n',
    )
    assert.equal((await second).pid, 2)
    assert.equal(closed, 0)
  })

  it('ends a connection that brings no JSON, and connects anew with the next call', async () => {
    let answer = 'HTTP/1.1 400 Bad Request\r\n\r\n'
    const sockets = await startOther((socket) => socket.write(answer))
    const channel = openChannel()
    await assert.rejects(channel.describe(), { code: 'host_unreachable', message: /not JSON/ })
    answer = '{"id":2,"result":{"pid":7,"services":[]}}\n'
    assert.equal((await channel.describe()).pid, 7)
    assert.equal(sockets.length, 2)
  })

  it('tells at once that the host has ended, also between calls', async () => {
    const sockets = await startOther((socket) =>
      socket.write('{"id":1,"result":{"services":[]}}\n'),
    )
    const channel = openChannel()
    await channel.describe()
    assert.equal(closed, 0)
    sockets[0]?.destroy()
    await waitUntil('the end is told', () => closed === 1)
  })

  it('fails what is under way when the host ends', async () => {
    await startOther((socket) => socket.destroy())
    const asked = openChannel().describe()
    await assert.rejects(asked, { code: 'host_unreachable', message: /closed the connection/ })
    assert.equal(closed, 0, 'it was no host')
  })

  it('says so when there is no host, and finds it when it is there', async () => {
    const channel = openChannel()
    await assert.rejects(channel.describe(), { code: 'host_unreachable', message: /ENOENT/ })
    await startHost(() => Promise.resolve({ pid: 3, services: [] }))
    assert.equal((await channel.describe()).pid, 3)
    assert.equal(closed, 0)
  })
})
