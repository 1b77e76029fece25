import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { useCleanup } from '../support/cleanup.ts'
import { useFleet } from '../support/fleet.ts'
import { spawnGateway } from '../support/gateway-process.ts'
import { addUser } from '../support/instances.ts'
import { writeProgram } from '../support/programs.ts'
import { waitUntil } from '../support/wait-until.ts'

const COUNT = 20_000
const AT_ONCE = 200
/** An open stream takes about 20 KiB: a third of them, kept, would fill this heap, and end the process. */
const HEAP = '--max-old-space-size=128'

/** Sends one event, and then nothing. */
const STREAMS = `
server.removeAllListeners('request')
server.on('request', ({ url }, response) => {
  if (url === '/health') return response.end(answer)
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\\n\\n')
})`

describe('clients that open streams and are gone without a word', function () {
  const fleet = useFleet({ services: ['alpha', 'streams'], env: { BERTH_HOSTS: '1' } })
  const cleanUp = useCleanup()
  let path = ''

  before('up, with a user', async () => {
    writeProgram(fleet().registry, 'streams', STREAMS)
    const limits = { requestsPerSecond: 0, concurrent: 0 }
    fleet().configure('streams', { process: { script: 'program.cjs' }, limits })
    await fleet().json(['up'])
    path = await (await addUser(fleet(), 'ann@example.com')).newInstance('streams')
  })

  it('leave nothing behind in the gateway, nor at the host', async () => {
    const { url, pids, get, stop } = await spawnGateway(fleet(), 1, { NODE_OPTIONS: HEAP })
    cleanUp(stop)
    const [pid = 0] = pids
    const host = (await fleet().json(['status'])).services.find(({ service }) => service === 'streams')?.pid ?? 0 // prettier-ignore
    const filesOf = (of: number) => readdirSync(`/proc/${of}/fd`).length
    const before = { gateway: filesOf(pid), host: filesOf(host) }
    for (let done = 0; done < COUNT; done += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, () => abandon(Number(new URL(url).port))))
    await waitUntil('all connections are gone', () => filesOf(pid) <= before.gateway + 20 && filesOf(host) <= before.host + 20) // prettier-ignore
    assert.equal(((await get('/health')).body as { pid: number }).pid, pid)
  })

  /** Opens a stream, reads its first event and breaks the connection. */
  const abandon = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').on('error', reject)
      let isServed = false
      socket.on('close', () =>
        isServed ? resolve() : reject(new Error('closed before its event')),
      )
      socket.on('data', (bytes: Buffer) => {
        isServed ||= bytes.includes('data: 1')
        if (isServed) socket.resetAndDestroy()
      })
      socket.write(`GET ${path}/ HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`)
    })
})
