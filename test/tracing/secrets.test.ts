import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useCleanup } from '../support/cleanup.ts'
import { HANDLE, INSTANCE_PATH, SECRET } from '../support/gateway.ts'
import { send } from '../support/http.ts'
import { startTracedWorld } from '../support/traced-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const canary = (of: string): string => `${of}-${randomBytes(12).toString('hex')}`

describe('what is exported of requests', function () {
  this.timeout(30_000)
  const folder = useTempFolder()
  const cleanUp = useCleanup()

  it('holds no secret, argument, query, path, header or answer, whatever becomes of them', async () => {
    const names = ['argument', 'query', 'header', 'cookie', 'bearer', 'answer', 'method', 'path', 'tool', 'secret', 'state'] // prettier-ignore
    const secrets = Object.fromEntries(names.map((name) => [name, canary(name)]))
    const { argument = '', query = '', answer = '', path = '', tool = '', secret = '' } = secrets
    const world = await startTracedWorld({
      folder: folder(),
      answer: ({ url }) => ({ status: url.includes('fail') ? 500 : 200, body: answer }),
    })
    cleanUp(world.stop)
    const headers = {
      'x-mine': secrets['header'],
      cookie: secrets['cookie'],
      authorization: `Bearer ${secrets['bearer']}`,
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: `vendor=${secrets['state']}`,
    }
    const post = (to: string, body: unknown, method = 'POST') =>
      send(world.front.url, to, { method, body, headers })
    const call = (to: string) => `${INSTANCE_PATH}/${to}?q=${query}`
    const asked = [
      await post(call('tools/get_item'), { id: argument, note: argument }),
      await post(call('tools/get_item'), { id: `fail-${argument}` }),
      await post(call('tools/get_item'), { [argument]: argument }),
      await post(call(`tools/${tool}`), {}),
      await post(call(`${path}/${path}`), {}),
      await post(call('mcp'), argument),
      await post(call('mcp'), {}, secrets['method']?.toUpperCase().replaceAll('-', '')),
      // A URL with a slip in it, and one of nobody's.
      await post(`/${HANDLE}_${secret}/widgets/mcp`, {}),
      await post(`/${HANDLE}_${SECRET}x/${path}/mcp`, {}),
    ]
    assert.ok(asked.some(({ status }) => status === 200) && asked.some(({ status }) => status === 404)) // prettier-ignore
    const spans = await world.spans()
    const begun = spans.filter(({ parentId }) => parentId === '')
    assert.ok(begun.length >= asked.length - 1, `${begun.length} requests were traced`)
    assert.ok(begun.some(({ name }) => name === 'POST /{instance}'))
    const exported = world.collector.bytes().toString('latin1').toLowerCase()
    for (const one of [...Object.values(secrets), SECRET, HANDLE, 'key-of-anna', '1a2b3c4d'])
      assert.ok(!exported.includes(one.toLowerCase()), one)
  })

  it('is sent with what the collector wants, from a file', async () => {
    const headersFile = join(folder(), 'headers')
    writeFileSync(headersFile, 'authorization=Bearer%20of-the-collector\n', { mode: 0o600 })
    const world = await startTracedWorld({ folder: folder(), headersFile })
    cleanUp(world.stop)
    const body = { id: '7' }
    await send(world.front.url, `${INSTANCE_PATH}/tools/get_item`, { method: 'POST', body })
    assert.equal((await world.spans()).length, 5)
    const { requests } = world.collector
    assert.deepEqual(new Set(requests.map(({ headers }) => headers['authorization'])), new Set(['Bearer of-the-collector'])) // prettier-ignore
  })
})
