import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { probeService, type Target } from '../../src/health/probe.ts'
import { findFreePorts } from '../support/free-ports.ts'

const DEADLINE_MS = 5_000
const WIDGETS = { service: 'widgets', status: 'healthy', tools: 1, pid: 1 }

describe('the probe of a static port', () => {
  const servers: Server[] = []
  const serve = async (listener: RequestListener): Promise<number> => {
    const server = createServer(listener)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const serveText = (status: number, text: string) =>
    serve((_request, response) => response.writeHead(status).end(text))
  const probe = (port: number, deadlineMs = DEADLINE_MS) =>
    probeService({ service: 'widgets', port }, deadlineMs)
  const reasonOf = async (port: number, deadlineMs?: number): Promise<string> => {
    const result = await probe(port, deadlineMs)
    return result.ok ? 'it was said to be up' : result.reason
  }

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections()
      server.close()
    }
  })

  it('asks GET /health and believes an answer that names the service', async () => {
    let seen = ''
    const port = await serve((request, response) => {
      seen = `${request.method} ${request.url}`
      response.end(JSON.stringify(WIDGETS))
    })
    const result = await probe(port)
    assert.ok(result.ok)
    assert.equal(result.planned, false)
    assert.ok(result.responseMs > 0)
    assert.equal(seen, 'GET /health')
  })

  it('tells a planned service from one with tools', async () => {
    const result = await probe(
      await serveText(200, JSON.stringify({ ...WIDGETS, status: 'planned' })),
    )
    assert.ok(result.ok && result.planned)
  })

  it('names who holds the port when it is another service', async () => {
    const port = await serveText(200, JSON.stringify({ ...WIDGETS, service: 'gadgets' }))
    assert.equal(await reasonOf(port), `port ${port} is held by gadgets`)
  })

  it('does not take any other answer for one of a host', async () => {
    const texts = ['', 'OK', '<html>', 'null', '{}', '{"service":"widgets"}']
    for (const text of [...texts, '{"service":"widgets","status":"ill"}'])
      assert.equal((await probe(await serveText(200, text))).ok, false, `it believed ${text}`)
  })

  it('does not believe an error status, even with the right body', async () => {
    for (const status of [204, 302, 404, 500])
      assert.equal(
        await reasonOf(await serveText(status, JSON.stringify(WIDGETS))),
        `answered ${status}`,
      )
  })

  it('gives up at its deadline on a server that never answers, or never ends', async () => {
    const silent = await serve(() => undefined)
    const endless = await serve((_request, response) => response.write('{"service":'))
    for (const port of [silent, endless]) assert.match(await reasonOf(port, 100), /abort|timeout/i)
  })

  it('stops reading an answer that is too long', async () => {
    let hungUp: Promise<unknown> | undefined
    const port = await serve((_request, response) => {
      hungUp = new Promise((resolve) => response.once('close', resolve))
      const flood = (): void => {
        if (!response.destroyed) response.write(' '.repeat(64 * 1024), flood)
      }
      flood()
    })
    assert.equal(await reasonOf(port), 'the answer is too long')
    await hungUp
  })

  it('says so when nobody listens, and when the connection breaks', async () => {
    const [closed] = await findFreePorts(1)
    assert.match(await reasonOf(closed!), /ECONNREFUSED/)
    const port = await serve((request) => request.socket.destroy())
    assert.match(await reasonOf(port), /hang up|ECONNRESET/)
    const half = await serve((_request, response) => {
      response.write('{"service"', () => response.socket?.destroy())
    })
    assert.match(await reasonOf(half), /none of a service|ECONNRESET/)
  })

  it('names the cause of each failure', async () => {
    const [closed] = await findFreePorts(1)
    const silent = await serve(() => undefined)
    const other = await serveText(200, JSON.stringify({ ...WIDGETS, service: 'gadgets' }))
    const causes: [number, string][] = [
      [closed!, 'refused'],
      [silent, 'timeout'],
      [await serveText(500, '{}'), 'status'],
      [other, 'stranger'],
      [await serveText(200, '<html>'), 'answer'],
      [await serve((request) => request.socket.destroy()), 'broken'],
    ]
    for (const [port, cause] of causes) {
      const result = await probe(port, cause === 'timeout' ? 50 : DEADLINE_MS)
      assert.equal(result.ok ? 'none' : result.cause, cause)
    }
  })

  it('reads answers in pieces, and does not wait for the end of one that says its length', async () => {
    const text = JSON.stringify(WIDGETS)
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': text.length, connection: 'keep-alive' })
      response.write(text.slice(0, 5), () => setImmediate(() => response.write(text.slice(5))))
    })
    assert.ok((await probe(port)).ok)
  })

  const deepProbe = (port: number, over: Partial<Target> = {}) =>
    probeService({ service: 'widgets', port, deep: true, ...over }, DEADLINE_MS)
  const serveDeep = (upstream: object | undefined, tools: string) =>
    serve((request, response) => {
      const isDeep = request.headers['x-berth-deep'] === String(DEADLINE_MS * 0.8)
      if (request.url === '/mcp') response.end(tools)
      else response.end(JSON.stringify({ ...WIDGETS, ...(isDeep && { upstream }) }))
    })
  const TOOLS = '{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}'

  it('asks deeply, where it shall, whether the API is there and the tools come', async () => {
    const well = await deepProbe(await serveDeep({ ok: true }, TOOLS))
    assert.equal(well.ok && well.concern, undefined)
    const away = await deepProbe(await serveDeep({ ok: false, reason: 'ECONNREFUSED' }, TOOLS))
    assert.deepEqual(away.ok && away.concern, {
      cause: 'upstream',
      reason: 'its API cannot be reached: ECONNREFUSED',
    })
    const mute = await deepProbe(await serveDeep(undefined, '{"error":{}}'))
    assert.equal(mute.ok && mute.concern?.cause, 'tools')
    const shallow = await probe(await serveDeep({ ok: false }, '{}'))
    assert.equal(shallow.ok && shallow.concern, undefined)
  })

  it('finds a service slow that answers later than it may, at its own path', async () => {
    const seen: string[] = []
    const port = await serve((request, response) => {
      seen.push(request.url ?? '')
      setTimeout(() => response.end(JSON.stringify(WIDGETS)), 30)
    })
    const target = { service: 'widgets', port, slowMs: 5, path: '/alive' }
    const result = await probeService(target, DEADLINE_MS)
    assert.equal(result.ok && result.concern?.cause, 'slow')
    assert.deepEqual(seen, ['/alive'])
  })
})
