import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { useCleanup } from '../support/cleanup.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { waitUntil } from '../support/wait-until.ts'

/** As long as a whole request of this test may take, and many times what an honest one needs. */
const SLOWNESS = { headersMs: 300, requestMs: 600 }
const CLIENTS = 40
const TRICKLE_MS = 20

describe('clients that send slowly', () => {
  let behave: (request: IncomingMessage, response: ServerResponse) => void
  const host = createServer((incoming, response) => behave(incoming, response))
  let front: Awaited<ReturnType<typeof startGateway>>
  before(async () => {
    await once(host.listen(0, '127.0.0.1'), 'listening')
    const ports = { widgets: (host.address() as AddressInfo).port }
    front = await startGateway({ ports, slowness: SLOWNESS })
  })
  after(async () => {
    await front.stop()
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })
  beforeEach(() => {
    behave = (incoming, response) => incoming.resume().on('end', () => response.end('ok'))
  })
  const cleanUp = useCleanup()

  /**
   * Sends the beginning at once and then this piece, again and again, until its connection is gone; its own half it
   * leaves open.
   */
  const trickle = (beginning: string, piece: string) => {
    const state = { text: '', isClosed: false }
    const socket = connect({ port: front.port, host: '127.0.0.1', allowHalfOpen: piece !== '' })
    socket.on('error', () => undefined).on('close', () => (state.isClosed = true))
    socket.on('data', (bytes: Buffer) => (state.text += bytes.toString('latin1')))
    socket.write(beginning)
    const timer = setInterval(() => socket.write(piece), TRICKLE_MS)
    socket.on('close', () => clearInterval(timer))
    cleanUp(() => Promise.resolve(socket.destroy()))
    return state
  }
  const HEAD = `POST ${INSTANCE_PATH} HTTP/1.1\r\nhost: localhost\r\n`

  const KINDS = [
    ['their headers', HEAD, 'a: b\r\n'],
    ['one header', `${HEAD}a: `, 'b'],
    ['the request line', 'GET /', 'x'],
    ['their body', `${HEAD}content-length: 1000000\r\n\r\n`, 'x'],
    ['their body in chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n'],
    ['empty lines', '', '\r\n'],
    ['nothing at all', '', ''],
  ] as const

  it('get 408 and lose their connection, and nobody waits for them', async () => {
    const slow = KINDS.flatMap(([title, beginning, piece]) =>
      Array.from({ length: CLIENTS }, () => ({ title, state: trickle(beginning, piece) })),
    )
    let others = 0
    await waitUntil('all are cut off', async () => {
      assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
      others += 1
      return slow.every(({ state }) => state.isClosed)
    })
    assert.ok(others > 1)
    for (const { title, state } of slow)
      assert.match(state.text, /^HTTP\/1\.1 408 .*x-request-id: /s, title)
  })

  it('end the request at the host too, when it waits for their body', async () => {
    const ended = new Promise<void>((resolve) => {
      behave = (_incoming, response) => response.once('close', resolve)
    })
    trickle(`${HEAD}content-length: 1000000\r\n\r\n`, 'x')
    await ended
  })

  it('who vanish in the middle of a large body end the request at the host', async () => {
    const gone: Promise<unknown>[] = []
    behave = (incoming, response) => {
      gone.push(once(response, 'close'))
      incoming.once('data', () => socket.resetAndDestroy())
    }
    const socket = connect(front.port, '127.0.0.1').on('error', () => undefined)
    socket.write(`${HEAD}content-length: 1000000\r\n\r\n${'x'.repeat(300_000)}`)
    await once(socket, 'close')
    await waitUntil('the host had it', () => gone.length === 1)
    await gone[0]
    behave = (_incoming, response) => response.end('ok')
    assert.equal((await send(front.url, INSTANCE_PATH)).status, 200)
  })
})
