import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { callPm2 } from '../../src/processes/rpc.ts'
import { useTempFolder } from '../support/temp-folder.ts'

/** A message of PM2's wire: a byte of version and count, each argument behind its length. */
const message = (...args: string[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x10 | args.length]),
    ...args.flatMap((arg) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(arg))
      return [length, Buffer.from(arg)]
    }),
  ])

const DEADLINE_MS = 5_000

describe('the RPC client', () => {
  const folder = useTempFolder()
  const servers: Server[] = []
  const sockets: Socket[] = []

  /** A server that is not PM2. */
  const serve = async (answer: (socket: Socket, request: Buffer) => void): Promise<string> => {
    const path = join(folder(), `${servers.length}.sock`)
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (request: Buffer) => answer(socket, request))
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    return path
  }
  const ask = (path: string, deadlineMs = DEADLINE_MS) =>
    callPm2(path, { method: 'getMonitorData', args: [{ ä: 1 }, 2], deadlineMs })

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    for (const server of servers) server.close()
  })

  it("sends method and arguments in PM2's wire form and gives the first value back", async () => {
    let seen: Buffer = Buffer.alloc(0)
    const path = await serve((socket, request) => {
      seen = request
      socket.write(message('j:{"args":[[{"pm_id":7}],"more"]}', 's:berth:1'))
    })
    assert.deepEqual(await ask(path), [{ pm_id: 7 }])
    const call = 'j:{"type":"call","method":"getMonitorData","args":[{"ä":1},2]}'
    assert.deepEqual(seen, message(call, 's:berth:1'))
  })

  it('waits for the whole of an answer that comes byte by byte', async () => {
    const whole = message(`j:{"args":["${'ö'.repeat(40)}"]}`, 's:berth:1')
    const path = await serve((socket) => {
      const sendFrom = (at: number): void => {
        if (at < whole.length) socket.write(whole.subarray(at, at + 1), () => setImmediate(sendFrom, at + 1)) // prettier-ignore
      }
      sendFrom(0)
    })
    assert.equal(await ask(path), 'ö'.repeat(40))
  })

  it("says pm2_failed with PM2's reason when PM2 refuses", async () => {
    const path = await serve((socket) => socket.write(message('j:{"error":"no such id"}', 's:x')))
    await assert.rejects(ask(path), { code: 'pm2_failed', message: /getMonitorData: no such id/ })
  })

  it('gives up at its deadline on a server that never answers, and hangs up', async () => {
    let closed: Promise<unknown> = Promise.reject(new Error('nobody called'))
    closed.catch(() => undefined)
    const path = await serve((socket) => {
      closed = new Promise((resolve) => socket.once('close', resolve))
    })
    await assert.rejects(ask(path, 100), {
      code: 'pm2_unreachable',
      message: /did not answer within 100 ms/,
    })
    await closed
  })

  it('gives up at its deadline on half an answer', async () => {
    const half = message('j:{"args":[1]}', 's:x').subarray(0, 9)
    const path = await serve((socket) => socket.write(half))
    await assert.rejects(ask(path, 100), { code: 'pm2_unreachable' })
  })

  it('says pm2_unreachable at once when the other side hangs up', async () => {
    const path = await serve((socket) => socket.end())
    await assert.rejects(ask(path), { code: 'pm2_unreachable', message: /closed the connection/ })
  })

  it('says pm2_unreachable for a socket that is not there, and for a file that is none', async () => {
    const file = join(folder(), 'file')
    writeFileSync(file, '')
    for (const path of [join(folder(), 'nothing.sock'), file])
      await assert.rejects(ask(path), { code: 'pm2_unreachable', message: /cannot be reached/ })
  })
})
