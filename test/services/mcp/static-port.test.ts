import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Service } from '../../../src/model/service.ts'
import { CASES } from '../../fixtures/mcp-messages.ts'
import { findFreePorts } from '../../support/free-ports.ts'
import { startHostHere } from '../../support/host.ts'
import { send } from '../../support/http.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { makeTool } from '../../support/tools.ts'

const folder = useTempFolder()

describe('a page in a browser that reached a static port', () => {
  let api: Awaited<ReturnType<typeof startRecorder>>
  let host: Awaited<ReturnType<typeof startHostHere>>
  let service: Service

  before(async () => {
    api = await startRecorder()
    const [port = 0] = await findFreePorts(1)
    const get = makeTool({ name: 'get_item', endpoint: '/items/{id}', parameters: { id: {} } })
    service = makeService({ port, tools: [get] })
    const env = { BERTH_SANDBOX_URL: api.url }
    host = await startHostHere({ folder: folder(), services: [service], env })
  })
  after(async () => {
    await host.stop()
    await api.stop()
  })

  /** Everything is right but who asks. */
  const askAs = async (own: Record<string, string>) => {
    const { headers, body } = CASES['older era, call'] ?? { headers: {}, body: '' }
    const sealed = host.sealed(service, { api_key: 'key-of-anna' })
    const sent = { method: 'POST', headers: { ...headers, ...sealed, ...own }, body }
    const answers = [
      await send(host.urlOf(service), '/mcp', sent),
      await send(host.urlOf(service), '/tools/get_item', sent),
      await send(host.urlOf(service), '/health', { headers: own }),
    ]
    return [...new Set(answers.map(({ status }) => status))]
  }

  it('is refused by the name in Host, whatever it looks like', async () => {
    for (const name of [
      'evil.example',
      `evil.example:${service.port}`,
      'localhost.evil.example',
      '127.0.0.1.nip.io',
      'evil.example@127.0.0.1',
      '127.0.0.1@evil.example',
      '127.0.0.1:80:80',
      '192.168.0.1',
      '0.0.0.0',
      '[::2]',
    ])
      assert.deepEqual(await askAs({ host: name }), [403], name)
    assert.deepEqual(api.requests, [])
  })

  it('is refused by its Origin', async () => {
    for (const origin of [
      'https://evil.example',
      'http://localhost.evil.example',
      'http://127.0.0.1.nip.io:80',
      'null',
      'file://',
      '',
      'localhost',
    ])
      assert.deepEqual(await askAs({ origin }), [403], origin)
    assert.deepEqual(api.requests, [])
  })

  it('is refused without any Host, in HTTP of the nineties', async () => {
    const socket = connect(service.port, '127.0.0.1')
    socket.end('GET /health HTTP/1.0\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    assert.match(text, /^HTTP\/1\.1 403 [^]*"code":"host_not_allowed"/)
  })

  it('is let in from this machine', async () => {
    const [local, other] = [`http://localhost:${service.port}`, 'http://127.0.0.1:1']
    for (const own of [
      { host: 'LOCALHOST' },
      { host: '[::1]:80' },
      { origin: local },
      { origin: other },
      {},
    ])
      // prettier-ignore
      assert.deepEqual(await askAs(own as Record<string, string>), [200], JSON.stringify(own))
  })
})

describe('the key between gateway and host', () => {
  it('is refused at start when its length is wrong, and not quoted', async () => {
    const [port = 0] = await findFreePorts(1)
    for (const bytes of [0, 1, 16, 31, 33, 64]) {
      const file = join(folder(), `key-of-${bytes}`)
      const text = Buffer.alloc(bytes, 7).toString('base64')
      writeFileSync(file, `${text}\n`, { mode: 0o600 })
      const env = { BERTH_HOST_KEY_FILE: file }
      await assert.rejects(
        startHostHere({ folder: folder(), services: [makeService({ port })], env }),
        (error: Error) =>
          error.message.includes(file) &&
          (bytes === 0
            ? /is empty; restore it/.test(error.message)
            : error.message.endsWith('does not hold 32 bytes in base64.')) &&
          (bytes < 16 || !error.message.includes(text)),
        String(bytes),
      )
    }
  })

  it('is refused at start when others can read it', async () => {
    const [port = 0] = await findFreePorts(1)
    const file = join(folder(), 'open-key')
    writeFileSync(file, Buffer.alloc(32, 7).toString('base64'), { mode: 0o644 })
    const env = { BERTH_HOST_KEY_FILE: file }
    await assert.rejects(
      startHostHere({ folder: folder(), services: [makeService({ port })], env }),
      { code: 'file_insecure', message: /has mode 644, others can read it/ },
    )
  })
})
