import assert from 'node:assert/strict'
import type { Service } from '../../../src/model/service.ts'
import { createUpstream, type UpstreamOptions } from '../../../src/services/mcp/upstream.ts'
import { startRecorder } from '../../support/recorder.ts'
import { makeService } from '../../support/services.ts'
import { makeTool } from '../../support/tools.ts'

const BIG = 'x'.repeat(5 * 1024 * 1024)

describe('the way out', () => {
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  before(async () => {
    recorder = await startRecorder(({ url }) => {
      if (url.endsWith('/big')) return { body: BIG }
      if (url.endsWith('/moved')) return { status: 302, headers: { location: '/items' } }
      return { status: 201, headers: { 'x-made': 'yes' } }
    })
  })
  after(() => recorder.stop())
  beforeEach(() => recorder.requests.splice(0))

  const post = {
    method: 'POST',
    headers: { 'x-api-key': 'key', accept: 'a/b' },
    body: Buffer.from('{"a":1}'),
  }
  const get = { method: 'GET', headers: {}, body: undefined }

  const send = async (
    options: Partial<UpstreamOptions> & { request?: typeof get },
    service: Service,
    href: string,
  ) => {
    const { request = post, ...rest } = options
    const upstream = createUpstream({ sandboxUrl: undefined, allowPrivate: false, ...rest })
    try {
      return await upstream.send(service, { ...request, url: new URL(href) })
    } finally {
      await upstream.close()
    }
  }

  const based = (baseURL: string, over: Partial<Service> = {}) =>
    makeService({ api: { baseURL, version: '', documentation: '' }, ...over })

  describe('into a sandbox', () => {
    it('leads to the service’s place there, same path, query, method, headers and body', async () => {
      const href = 'https://api.widgets.test/v1/a%2Fb/c?q=1&q=%20x'
      const answer = await send({ sandboxUrl: recorder.url }, makeService(), href)
      assert.equal(answer.status, 201)
      assert.equal(answer.headers['x-made'], 'yes')
      const [request] = recorder.requests
      assert.equal(request?.url, '/widgets/v1/a%2Fb/c?q=1&q=%20x')
      assert.equal(request.method, 'POST')
      assert.equal(request.headers['x-api-key'], 'key')
      assert.equal(request.headers['accept'], 'a/b')
      assert.equal(request.headers.host, new URL(recorder.url).host)
      assert.equal(request.body, '{"a":1}')
    })

    it('keeps even calls to a private address inside', async () => {
      await send({ sandboxUrl: recorder.url }, makeService(), 'https://169.254.169.254/latest')
      assert.equal(recorder.requests[0]?.url, '/widgets/latest')
    })

    it('follows no redirect out of it', async () => {
      const options = { sandboxUrl: recorder.url, request: get }
      const answer = await send(options, makeService(), 'https://a.test/moved')
      assert.equal(answer.status, 302)
      assert.equal(recorder.requests.length, 1)
    })
  })

  describe('to a private address', () => {
    const refused = { code: 'forbidden', message: /is a private address/ }

    it('is closed, by literal and by name', async () => {
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost'])
        await assert.rejects(
          send({}, makeService(), `http://${host}:${recorder.port}/x`),
          refused,
          host,
        )
      assert.deepEqual(recorder.requests, [])
    })

    it('is open when the registry’s own base URL names it, of the service or of a tool', async () => {
      await send({}, based(`${recorder.url}/v1`), `${recorder.url}/v1/x`)
      const tool = makeTool({ baseURL: recorder.url })
      await send({}, makeService({ tools: [tool] }), `${recorder.url}/y`)
      await send({}, based(`${recorder.url}/{tenant}`), `${recorder.url}/acme/z`)
      assert.deepEqual(recorder.requests.map(({ url }) => url), ['/v1/x', '/y', '/acme/z']) // prettier-ignore
    })

    it('is closed when the registry names another port of it, or a field made the host', async () => {
      const href = `${recorder.url}/x`
      await assert.rejects(send({}, based('http://127.0.0.1:1/'), href), refused)
      await assert.rejects(send({}, based('{base_url}/v1'), href), refused)
      await assert.rejects(send({}, based(`http://{host}:${recorder.port}`), href), refused)
      assert.deepEqual(recorder.requests, [])
    })

    it('is open when the operator says so', async () => {
      await send({ allowPrivate: true }, makeService(), `${recorder.url}/x`)
      assert.equal(recorder.requests.length, 1)
    })
  })

  it('keeps the beginning of an answer that is too big, and says that it is cut', async () => {
    const answer = await send({ allowPrivate: true }, makeService(), `${recorder.url}/big`)
    assert.equal(answer.truncated, true)
    assert.equal(answer.body.length, 4 * 1024 * 1024)
    const small = await send({ allowPrivate: true }, makeService(), `${recorder.url}/x`)
    assert.equal(small.truncated, false)
    assert.equal(small.body.toString(), '{"ok":true}')
  })

  it('closes without ever having been used', async () => {
    await createUpstream({ sandboxUrl: undefined, allowPrivate: false }).close()
  })
})
