import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { CREDENTIALS_HEADER } from '../../src/model/host-credentials.ts'
import { useCleanup } from '../support/cleanup.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { INSTANCE_PATH, startGateway } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startRecorder } from '../support/recorder.ts'

const WEBSOCKET = { connection: 'Upgrade', upgrade: 'websocket' }

describe('upgrades', () => {
  const cleanUp = useCleanup()
  /** The requests for other protocols that the host took, and its ends of their connections. */
  let taken: { incoming: IncomingMessage; socket: Socket }[]
  const host = createServer((_incoming, response) =>
    response.writeHead(426, { 'x-berth-inside': '1', 'transfer-encoding': 'chunked' }).end('plain'),
  )
  let port = 0
  before(async () => {
    await once(host.listen(0, '127.0.0.1'), 'listening')
    ;({ port } = host.address() as AddressInfo)
  })
  after(() => new Promise((resolve) => host.close(resolve)))
  beforeEach(() => {
    taken = []
    host.removeAllListeners('upgrade')
    host.on('upgrade', (incoming, socket: Socket, head: Buffer) => {
      taken.push({ incoming, socket })
      const headers = ['connection: Upgrade', `upgrade: ${incoming.headers.upgrade ?? ''}`, 'x-berth-inside: 1', 'x-own: o'] // prettier-ignore
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\nhello `)
      socket.write(head)
      socket.pipe(socket)
      socket.on('error', () => undefined)
    })
  })

  const start = async (ports: Record<string, number> = { widgets: port }) => {
    const front = await startGateway({ ports })
    cleanUp(front.stop)
    return front
  }
  const open = async (url: string, headers: Record<string, string> = WEBSOCKET) => {
    const outgoing = request(url, { agent: false, headers }).end()
    const [answer, socket, head] = (await once(outgoing, 'upgrade')) as [IncomingMessage, Socket, Buffer] // prettier-ignore
    cleanUp(() => Promise.resolve(socket.destroy()))
    return { answer, socket, head }
  }
  const readUntil = async (socket: Socket, begun: Buffer, text: string) => {
    let seen = begun.toString()
    while (!seen.endsWith(text)) seen += String((await once(socket, 'data'))[0])
    return seen
  }

  for (const upgrade of ['websocket', 'tcp', 'spdy/3.1'])
    it(`carry ${upgrade} both ways, with the headers that it needs and no others`, async () => {
      const front = await start()
      const { answer, socket, head } = await open(`${front.url}${INSTANCE_PATH}//a%2Fb?x=1`, {
        connection: 'Upgrade',
        upgrade,
        cookie: 'session=1',
        authorization: 'Bearer mine',
        'sec-websocket-key': 'k',
        'sec-websocket-protocol': 'p',
        'content-length': '0',
        [CREDENTIALS_HEADER]: 'forged',
      })
      socket.write('ping')
      assert.equal(await readUntil(socket, head, 'ping'), 'hello ping')
      const { url, headers } = taken[0]!.incoming
      assert.equal(url, '//a%2Fb?x=1')
      assert.equal(headers.upgrade, upgrade)
      assert.equal(headers['sec-websocket-key'], 'k')
      assert.equal(headers['sec-websocket-protocol'], 'p')
      assert.equal(headers.cookie ?? headers.authorization ?? headers['content-length'], undefined)
      assert.match(String(headers[CREDENTIALS_HEADER]), /^\d+\./)
      assert.equal(answer.headers['x-request-id'], headers['x-request-id'])
      assert.equal(answer.headers['x-own'], 'o')
      assert.equal(answer.headers['x-berth-inside'], undefined)
    })

  it('end on both sides when one side ends, however it does', async () => {
    const front = await start()
    for (const end of ['end', 'destroy', 'resetAndDestroy'] as const) {
      const left = await open(`${front.url}${INSTANCE_PATH}`)
      const atHost = taken.at(-1)!.socket
      const hostClosed = once(atHost, 'close')
      left.socket.resume()
      left.socket[end]()
      await hostClosed
      const { socket } = await open(`${front.url}${INSTANCE_PATH}`)
      socket.on('error', () => undefined)
      const closed = once(socket.resume(), 'close')
      taken.at(-1)!.socket[end]()
      await closed
    }
  })

  it('are answered as the host answers when it does not take them', async () => {
    host.removeAllListeners('upgrade')
    const front = await start()
    const answer = await send(front.url, INSTANCE_PATH, { headers: WEBSOCKET })
    assert.deepEqual([answer.status, answer.text], [426, 'plain'])
    assert.equal(answer.headers.connection, 'close')
    assert.equal(answer.headers['x-berth-inside'], undefined)
  })

  it('are passed over when they ask for HTTP/2, and the request is answered with its body', async () => {
    const recorder = await startRecorder()
    cleanUp(recorder.stop)
    const front = await start({ widgets: recorder.port })
    const headers = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AA',
    }
    const answer = await send(front.url, INSTANCE_PATH, { method: 'POST', headers, body: 'body' })
    assert.equal(answer.status, 200)
    assert.equal(recorder.requests[0]?.body, 'body')
    assert.equal(recorder.requests[0].headers.upgrade, undefined)
  })

  it('need the same right to an instance, and the same Host', async () => {
    const front = await start()
    const wrong = INSTANCE_PATH.replace('Sec0nd', 'Wrong0')
    for (const [path, host, status] of [
      [wrong, 'localhost', 404],
      ['/nowhere', 'localhost', 404],
      [INSTANCE_PATH, 'evil.example', 421],
    ] as const) {
      const answer = await send(front.url, path, { headers: { ...WEBSOCKET, host } })
      assert.equal(answer.status, status)
      assert.ok(answer.headers['x-request-id'])
    }
    assert.deepEqual(taken, [])
  })

  it('get 503 from a service that does not come back in time', async () => {
    const [free = 0] = await findFreePorts(1)
    const front = await start({ widgets: free })
    const answer = await send(front.url, INSTANCE_PATH, { headers: WEBSOCKET })
    assert.equal(answer.status, 503)
  })

  it('do not hold up the gateway when it stops', async () => {
    const front = await start()
    const { socket } = await open(`${front.url}${INSTANCE_PATH}`)
    socket.on('error', () => undefined)
    const closed = once(socket.resume(), 'close')
    await front.stop()
    await closed
  })

  it('survive a client that sends nonsense or leaves at once', async () => {
    const front = await start()
    for (let index = 0; index < 20; index++) {
      const socket = connect(front.port, '127.0.0.1').on('error', () => undefined)
      const lines = ['host: localhost', 'connection: upgrade', 'upgrade: websocket', '', 'zzz']
      socket.write(`GET ${INSTANCE_PATH} HTTP/1.1\r\n${lines.join('\r\n')}`)
      socket.resetAndDestroy()
    }
    const { socket, head } = await open(`${front.url}${INSTANCE_PATH}`)
    socket.write('still')
    assert.equal(await readUntil(socket, head, 'still'), 'hello still')
  })
})
