import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  CONTROL_VERSION,
  type ControlCall,
  type HostDescription,
} from '../../../src/model/control.ts'
import type { Service } from '../../../src/model/service.ts'
import { registryFileText } from '../../../src/registry/registry-file.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

type Reply = { id: number; result?: unknown; error?: string }

describe('the control channel of a host', () => {
  const folder = useTempFolder()
  let host: Awaited<ReturnType<typeof startHostHere>>
  let socketPath: string
  let one: Service
  let two: Service
  let ids = 0

  beforeEach(async () => {
    const [first = 0, second = 0] = await findFreePorts(2)
    one = makeService({ name: 'one', port: first })
    two = makeService({ name: 'two', port: second })
    socketPath = join(folder(), `c${++ids}.sock`)
    writeFileSync(socketPath, '') // of a process that was killed
    host = await startHostHere({
      folder: folder(),
      services: [one],
      env: { BERTH_CONTROL_SOCKET: socketPath },
    })
  })
  afterEach(() => host.stop())

  /** Sends lines as they are and reads one reply. */
  const exchange = async (socket: Socket, lines: string): Promise<Reply> => {
    const reply = once(createInterface({ input: socket }), 'line')
    socket.write(lines)
    return JSON.parse((await reply)[0] as string) as Reply
  }

  const ask = async (call: ControlCall): Promise<unknown> => {
    const socket = connect(socketPath)
    const id = ++ids
    const reply = await exchange(socket, `${JSON.stringify({ id, version: CONTROL_VERSION, call })}\n`) // prettier-ignore
    socket.destroy()
    assert.equal(reply.id, id)
    assert.equal(reply.error, undefined)
    return reply.result
  }
  const served = async () => {
    const { pid, services } = (await ask({ method: 'describe' })) as HostDescription
    assert.equal(pid, process.pid)
    return services.map(({ name }) => name)
  }
  const toolsOf = async (service: Service) => {
    const { body } = await send(host.urlOf(service), '/tools')
    return (body as { tools: { name: string }[] }).tools.map(({ name }) => name)
  }

  it('is for this user alone', () => {
    assert.equal(statSync(socketPath).mode & 0o777, 0o600)
    assert.ok(statSync(socketPath).isSocket())
  })

  it('adds a service while the others go on', async () => {
    await ask({ method: 'change', remove: [], put: [two] })
    assert.deepEqual(await served(), ['one', 'two'])
    for (const service of [one, two])
      assert.equal((await send(host.urlOf(service), '/health')).status, 200)
  })

  it('removes a service and gives its port back', async () => {
    await ask({ method: 'change', remove: ['one', 'unknown'], put: [two] })
    assert.deepEqual(await served(), ['two'])
    await assert.rejects(send(host.urlOf(one), '/health'), { code: 'ECONNREFUSED' })
  })

  it('serves a changed service at once, and moves one whose port changed', async () => {
    const tools = [makeTool({ name: 'fresh' })]
    await ask({ method: 'change', remove: [], put: [{ ...one, tools }] })
    assert.deepEqual(await toolsOf(one), ['fresh'])
    await ask({ method: 'change', remove: [], put: [{ ...one, port: two.port }] })
    assert.deepEqual(await toolsOf({ ...one, port: two.port }), [])
    await assert.rejects(send(host.urlOf(one), '/health'), { code: 'ECONNREFUSED' })
  })

  it('says what it does not understand, and stays', async () => {
    const socket = connect(socketPath)
    const wrong = await exchange(socket, '{"id":1}\n')
    assert.equal(wrong.error, 'not a control request')
    const newer = { id: 7, version: CONTROL_VERSION + 1, call: { method: 'describe' } }
    const refused = await exchange(socket, `${JSON.stringify(newer)}\n`)
    assert.match(refused.error ?? '', /speaks version/)
    assert.deepEqual(await served(), ['one'])
    socket.destroy()
  })

  it('ends a connection that does not speak JSON, and no other', async () => {
    const socket = connect(socketPath)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await once(socket, 'close')
    assert.deepEqual(await served(), ['one'])
  })

  it('is gone after the end', async () => {
    await host.stop()
    assert.ok(!existsSync(socketPath))
  })
})

describe('what a host serves at its start', () => {
  const folder = useTempFolder()

  /** The services of a host whose environment names widgets, beside a list of what it serves by now. */
  const servedBeside = async (list: (later: Service) => string | undefined): Promise<string[]> => {
    const [port = 0, other = 0] = await findFreePorts(2)
    const [widgets, later] = [makeService({ port }), makeService({ name: 'later', port: other })]
    const file = join(folder(), `served-${port}.json`)
    const text = list(later)
    if (text !== undefined) writeFileSync(file, text)
    const env = { BERTH_SERVED_FILE: file }
    const host = await startHostHere({ folder: folder(), services: [widgets], env })
    try {
      const asked = await Promise.allSettled(
        [widgets, later].map((service) => send(host.urlOf(service), '/health')),
      )
      return asked.flatMap((answer) =>
        answer.status === 'fulfilled' ? [(answer.value.body as { service: string }).service] : [],
      )
    } finally {
      await host.stop()
    }
  }

  it('is what its environment names while there is no newer list, or half of one', async () => {
    assert.deepEqual(await servedBeside(() => undefined), ['widgets'])
    assert.deepEqual(await servedBeside(() => '{"later":'), ['widgets'])
  })

  it('is what the daemon wrote down since, and nothing else', async () => {
    assert.deepEqual(await servedBeside((later) => registryFileText([later])), ['later'])
    assert.deepEqual(await servedBeside(() => '{}'), [])
  })
})
