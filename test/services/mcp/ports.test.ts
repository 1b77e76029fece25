import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { silentLog } from '../../../src/base/log.ts'
import { createPorts } from '../../../src/services/mcp/ports.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { spawnHost } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

/** A program that holds the port it is told. */
const HOLDER = `require('net').createServer().listen(Number(process.argv[1]), '127.0.0.1', () => console.log('holding'))`

describe('a static port that another process holds', () => {
  const folder = useTempFolder()

  it('is named with its holder, holds up no other, and is served once it is free', async () => {
    const [taken = 0, free = 0] = await findFreePorts(2)
    const holder = spawn(process.execPath, ['-e', HOLDER, String(taken)])
    await once(holder.stdout, 'data')
    const services = [
      makeService({ name: 'taken', port: taken }),
      makeService({ name: 'free', port: free }),
    ] as const
    const host = await spawnHost({ folder: folder(), services })
    try {
      const { body } = await send(host.urlOf(services[1]), '/health')
      assert.equal((body as { service: string }).service, 'free')

      const line = await host.hasLogged('port is taken')
      assert.deepEqual([line['port'], line['code']], [taken, 'EADDRINUSE'])
      const heldBy = line['heldBy'] as { pid: number; command: string }
      assert.equal(heldBy.pid, holder.pid)
      assert.match(heldBy.command, new RegExp(`^${process.execPath} -e .* ${taken}$`))

      holder.kill('SIGKILL')
      assert.equal((await host.hasLogged('port is ours now'))['port'], taken)
      const later = await send(host.urlOf(services[0]), '/health')
      assert.equal((later.body as { service: string }).service, 'taken')
      assert.equal(host.lines.filter(({ event }) => event === 'port is taken').length, 1)
    } finally {
      holder.kill('SIGKILL')
      assert.equal(await host.stop(), 0)
    }
  })
})

describe('ports', () => {
  const server = createServer((request, response) => response.end(String(request.socket.localPort)))
  const ports = createPorts({ server, log: silentLog })
  afterEach(() => ports.closeAll())
  after(() => server.removeAllListeners())

  const ask = (port: number) => send(`http://127.0.0.1:${port}`, '/')

  it('lead to one server, opened twice or not', async () => {
    const [one = 0, two = 0] = await findFreePorts(2)
    await Promise.all([one, two, one].map(ports.open))
    for (const port of [one, two]) assert.equal((await ask(port)).text, String(port))
    assert.deepEqual(ports.taken(), [])
  })

  it('can be closed alone and opened again', async () => {
    const [one = 0, two = 0] = await findFreePorts(2)
    await Promise.all([one, two].map(ports.open))
    ports.close(one)
    await assert.rejects(ask(one), { code: 'ECONNREFUSED' })
    assert.equal((await ask(two)).text, String(two))
    await ports.open(one)
    assert.equal((await ask(one)).text, String(one))
  })

  it('are given back also when they are closed while they open', async () => {
    const [port = 0] = await findFreePorts(1)
    const opening = ports.open(port)
    ports.close(port)
    await opening
    await assert.rejects(ask(port), { code: 'ECONNREFUSED' })
  })

  it('that are taken are told, and given up when they are closed', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as AddressInfo
    await ports.open(port)
    assert.deepEqual(ports.taken(), [port])
    ports.close(port)
    assert.deepEqual(ports.taken(), [])
    holder.close()
  })
})
