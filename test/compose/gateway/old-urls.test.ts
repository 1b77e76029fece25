import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { changeOldRouting } from '../../../src/store/old-routing.ts'
import { listSamplesAfter } from '../../../src/store/cutover-samples.ts'
import { listOldUsers } from '../../../src/store/old-url-usage.ts'
import { DATABASE_KINDS, skipWithoutPostgres } from '../../support/databases.ts'
import { send } from '../../support/http.ts'
import { openOldWorld, type Moved } from '../../support/old-world.ts'
import { startRecorder } from '../../support/recorder.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { waitUntil } from '../../support/wait-until.ts'

type World = Awaited<ReturnType<typeof openOldWorld>>
type Recorder = Awaited<ReturnType<typeof startRecorder>>

const POST = { method: 'POST', body: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }

for (const kind of DATABASE_KINDS)
  describe(`URLs of the older model (${kind})`, function () {
    this.timeout(30_000)
    const folder = useTempFolder()
    let world: World
    let host: Recorder
    let old: Recorder
    let anna: Moved
    let ben: Moved

    before(async function () {
      if (kind === 'postgres') await skipWithoutPostgres(this)
      host = await startRecorder(() => ({ body: '{"by":"shared"}' }))
      old = await startRecorder(({ url }) => ({
        status: url.includes('unknown') ? 404 : 200,
        headers: { 'x-old': 'yes', 'x-berth-inside': 'no' },
        body: '{"by":"old"}',
      }))
      const ports = { figma: host.port, away: 1 }
      world = await openOldWorld({ kind, folder: folder(), legacyUrl: old.url, ports })
      anna = await world.move('figma')
      ben = await world.move('figma')
    })
    after(async () => {
      await world.stop()
      await host.stop()
      await old.stop()
    })
    beforeEach(async () => {
      await route({ percent: 100, users: {}, services: {}, comparing: false, notice: null })
      host.requests.length = 0
      old.requests.length = 0
    })

    const route = async (change: Parameters<typeof changeOldRouting>[1]) => {
      await changeOldRouting(world.database, change)
      await world.oldUrls?.reload()
    }
    const byOf = async (path: string, headers = {}) => {
      const { status, body } = await send(world.url, path, { ...POST, headers })
      return `${status} ${(body as { by?: string } | undefined)?.by ?? ''}`
    }

    it('that come back from what should be the old server go no second round', async () => {
      await route({ percent: 0 })
      assert.equal(await byOf(anna.path, { via: '1.1 proxy' }), '200 old')
      const via = old.requests[0]?.headers['via']
      assert.equal(via, '1.1 proxy, 1.1 berth-gateway')
      const { status, body } = await send(world.url, anna.path, { ...POST, headers: { via } })
      assert.equal(status, 508)
      assert.match(JSON.stringify(body), /BERTH_LEGACY_URL leads back to this gateway/)
      assert.equal(old.requests.length, 1)
    })

    it('are served by the shared fleet for what was moved, in both forms', async () => {
      const withToken = `/mcp/figma?a=1&token=${anna.token}`
      for (const path of [
        anna.path,
        `${anna.path}?token=${anna.token}`,
        `/?token=${anna.token}`,
        withToken,
      ])
        // prettier-ignore
        assert.equal(await byOf(path, { 'mcp-session-id': 'of-the-old-server' }), '200 shared')
      assert.deepEqual(host.requests.map(({ url }) => url), ['/mcp', '/mcp', '/mcp', '/mcp?a=1']) // prettier-ignore
      assert.equal(old.requests.length, 0)
      const sent = JSON.stringify(host.requests)
      assert.ok(
        !sent.includes(anna.token) && !sent.includes(anna.oldId),
        'the host learns the old secret',
      )
      assert.ok(!sent.includes('authorization'))
    })

    it('are the old server’s to judge, with all that was sent, for everything else', async () => {
      const left = randomUUID()
      for (const path of [
        `/${left}/mcp/figma`,
        `/${left}/mcp/figma?token=unknown`,
        `${anna.path}?token=${ben.token}`, // of another instance
        `/${anna.oldId}/mcp/slack`, // of another type
        `/${anna.oldId}/status`,
        '/mcp/figma?token=unknown',
      ])
        assert.equal(await byOf(path, { authorization: 'Bearer own', cookie: 'a=b', 'x-berth-credentials': 'forged' }), path.includes('unknown') ? '404 old' : '200 old') // prettier-ignore
      assert.equal(host.requests.length, 0)
      assert.equal(old.requests[1]?.url, `/${left}/mcp/figma?token=unknown`)
      const first = old.requests[0]!
      assert.deepEqual(JSON.parse(first.body), POST.body)
      assert.equal(first.headers.authorization, 'Bearer own')
      assert.equal(first.headers.cookie, 'a=b')
      assert.equal(first.headers['x-forwarded-for'], '127.0.0.1')
      assert.equal(first.headers['x-berth-credentials'], undefined)
    })

    it('leave instance URLs and the API as they are', async () => {
      assert.equal((await send(world.url, '/api/v1/services?token=abc')).status, 299)
      assert.equal((await send(world.url, `/${anna.handle}_wrong/figma/mcp`)).status, 404)
      assert.equal((await send(world.url, `/${anna.handle}/figma/mcp`)).status, 404)
      assert.equal(old.requests.length, 0)
    })

    it('point to the user’s page, with a notice while there is one, and never to the new secret', async () => {
      await route({ notice: 'On Friday your URLs move.' })
      for (const percent of [0, 100]) {
        await route({ percent })
        const { headers, text } = await send(world.url, anna.path, POST)
        assert.equal(headers['link'], `<${world.url}/>; rel="successor-version"`)
        assert.equal(headers['x-berth-notice'], 'On Friday your URLs move.')
        assert.match(String(headers['deprecation']), /^@\d{10}$/)
        assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/)
        assert.ok(!`${JSON.stringify(headers)}${text}`.includes(`${anna.handle}_`))
      }
      const unknown = await send(world.url, `/${randomUUID()}/mcp/figma`, POST)
      assert.equal(unknown.headers['link'], undefined)
    })

    it('are routed by share, always the same way, and by user and service', async () => {
      const many = await Promise.all(Array.from({ length: 40 }, () => world.move('figma')))
      const shared = async (percent: number) => {
        await route({ percent })
        const by = await Promise.all(many.map(({ path }) => byOf(path)))
        return many.filter((_, index) => by[index] === '200 shared').map(({ handle }) => handle)
      }
      const some = await shared(30)
      assert.ok(some.length > 2 && some.length < 28, String(some.length))
      const more = await shared(60)
      assert.deepEqual(some.filter((handle) => !more.includes(handle)), []) // prettier-ignore
      assert.deepEqual(await shared(30), some)
      assert.equal((await shared(0)).length, 0)
      await route({ users: { [anna.userId]: 'shared' } })
      assert.equal(await byOf(anna.path), '200 shared')
      assert.equal(await byOf(ben.path), '200 old')
      await route({ services: { figma: 'shared' }, users: { [anna.userId]: 'old' } })
      assert.equal(await byOf(anna.path), '200 old')
      assert.equal(await byOf(ben.path), '200 shared')
    })

    it('go to the old server while nobody listens for the service', async () => {
      const one = await world.move('away')
      assert.equal(await byOf(one.path), '200 old')
    })

    it('are noted: who used them when, and how it went while paths are compared', async () => {
      const carla = await world.move('figma')
      await route({ percent: 0, comparing: true })
      await byOf(carla.path)
      const routing = await changeOldRouting(world.database, { percent: 100 })
      await world.oldUrls?.reload()
      await byOf(carla.path)
      const samples = await waitUntil('the samples are written', async () => {
        const found = await Promise.all([routing.epoch - 1, routing.epoch].map((epoch) => listSamplesAfter(world.database, { epoch, after: 0, limit: 10 }))) // prettier-ignore
        return found.flat().length === 2 && found.flat()
      })
      assert.deepEqual(samples.map(({ isNew, fault, instanceId }) => [isNew, fault, instanceId]), [[false, null, carla.handle], [true, null, carla.handle]]) // prettier-ignore
      const found = await waitUntil('both uses are written', async () => {
        const users = await listOldUsers(world.database, { since: new Date(0), limit: 100 })
        return users.find((user) => user.instanceId === carla.handle && user.requests === 2)
      })
      assert.equal(found.email, carla.email)
    })

    if (kind !== 'postgres') return // once is enough for what no database has to do with

    it('go back to the old server in a gateway that finds the shared fleet failing', async () => {
      const failing = await startRecorder(() => ({ status: 500 }))
      const ports = { figma: failing.port }
      const own = await openOldWorld({ kind, folder: folder(), legacyUrl: old.url, ports }) // prettier-ignore
      const dora = await own.move('figma')
      await changeOldRouting(own.database, { comparing: true })
      await own.oldUrls?.reload()
      const statuses: number[] = []
      for (let count = 0; count < 20; count += 1)
        statuses.push((await send(own.url, dora.path, POST)).status)
      await own.stop()
      await failing.stop()
      const failed = statuses.filter((status) => status === 500).length
      assert.ok(failed > 0 && failed <= 5, String(statuses))
      assert.equal(statuses.at(-1), 200)
    })

    it('carry upgrades and answers that are cut off as the old server gives them', async () => {
      const server = createServer((incoming, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('half')
        setImmediate(() => incoming.socket.destroy())
      })
      server.on('upgrade', (_incoming: IncomingMessage, socket: Socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n') // prettier-ignore
        socket.pipe(socket)
        socket.on('error', () => undefined)
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
      const { port } = server.address() as AddressInfo
      const legacyUrl = `http://127.0.0.1:${port}`
      const own = await openOldWorld({ kind, folder: folder(), legacyUrl, ports: {} })
      const path = `/${randomUUID()}/mcp/figma`
      await assert.rejects(send(own.url, path, POST), /aborted|hang up|ECONNRESET/)
      const headers = { connection: 'Upgrade', upgrade: 'websocket' }
      const outgoing = request(`${own.url}${path}`, { agent: false, headers }).end()
      const [, socket] = (await once(outgoing, 'upgrade')) as [IncomingMessage, Socket]
      socket.write('ping')
      assert.equal(String((await once(socket, 'data'))[0]), 'ping')
      socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      assert.equal((await send(own.url, path, POST)).status, 503)
      await own.stop()
    })
  })
