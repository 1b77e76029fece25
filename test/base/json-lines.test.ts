import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onJsonLines, writeJsonLine } from '../../src/base/json-lines.ts'
import { waitUntil } from '../support/wait-until.ts'

const MAX_BYTES = 100

describe('JSON lines on a socket', () => {
  let server: Server
  let taken: unknown[] = []
  let failure: Error | undefined
  let client: Socket

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', (error) => (failure = error))
      onJsonLines(socket, MAX_BYTES, (value) => taken.push(value))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  beforeEach(async () => {
    taken = []
    failure = undefined
    client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.setNoDelay(true)
    await once(client, 'connect')
  })
  afterEach(() => client.destroy())
  after(() => new Promise((resolve) => server.close(resolve)))

  const arrived = (count: number) => waitUntil(`${count} values`, () => taken.length >= count)

  it('arrive as values, several at once too', async () => {
    writeJsonLine(client, { text: 'two\nlines, ü' })
    client.write('null\n[1]\n')
    await arrived(3)
    assert.deepEqual(taken, [{ text: 'two\nlines, ü' }, null, [1]])
  })

  it('arrive whole when they come byte by byte', async () => {
    for (const byte of Buffer.from('{"a":"ü€"}\n7\n')) {
      await new Promise((resolve) => client.write(Buffer.of(byte), resolve))
      await new Promise(setImmediate)
    }
    await arrived(2)
    assert.deepEqual(taken, [{ a: 'ü€' }, 7])
  })

  it('may be many, as long as each is within the bound', async () => {
    const line = JSON.stringify('x'.repeat(MAX_BYTES - 10))
    client.write(`${line}\n`.repeat(50))
    await arrived(50)
    assert.equal(failure, undefined)
  })

  it('end the connection when one is too long, even if it never ends', async () => {
    client.on('error', () => undefined)
    client.write(`1\n${'x'.repeat(MAX_BYTES + 1)}`)
    await once(client, 'close')
    assert.deepEqual(taken, [1])
    assert.match(failure?.message ?? '', /too long/)
  })

  it('end the connection when one is not JSON, and nothing after it counts', async () => {
    client.on('error', () => undefined)
    client.write('{"a":1}\n{no}\n{"b":2}\n')
    await once(client, 'close')
    assert.deepEqual(taken, [{ a: 1 }])
    assert.match(failure?.message ?? '', /not JSON/)
  })
})
