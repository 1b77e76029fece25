import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client as ClientOf2, StreamableHTTPClientTransport as TransportOf2 } from '@modelcontextprotocol/client' // prettier-ignore
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { findListener } from '../../src/base/proc.ts'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { runBerth } from '../support/berth.ts'
import { filesBelow, filesWith } from '../support/files-with.ts'
import { statesOf } from '../support/fleet.ts'
import { findFreePorts } from '../support/free-ports.ts'
import { errorOf, send } from '../support/http.ts'
import { commandLineOf, environmentOfProcess, processesNaming } from '../support/processes.ts'
import { startRecorder } from '../support/recorder.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const REGISTRY = join(import.meta.dirname, '../../registry')
const FIRST_PORT = 49_160
const LAST_PORT = 49_533

const ME = { name: 'e2e', version: '1' }
/** What a client may send along, and no API may ever see. */
const OF_THE_CLIENT = {
  authorization: 'Bearer authorization-of-the-client',
  cookie: 'session=cookie-of-the-client',
  'x-custom': 'custom-of-the-client',
  'x-figma-token': 'key-of-the-client',
  'x-berth-credentials': 'credentials-of-the-client',
}
const CONNECT = {
  'client 2.x': async (url: URL) => {
    const client = new ClientOf2(ME)
    await client.connect(new TransportOf2(url, { requestInit: { headers: OF_THE_CLIENT } }))
    return client
  },
  'sdk 1.x': async (url: URL) => {
    const client = new ClientOf1(ME)
    await client.connect(new TransportOf1(url, { requestInit: { headers: OF_THE_CLIENT } }))
    return client
  },
}

const readConfig = (file: string) =>
  JSON.parse(readFileSync(file, 'utf8')) as { name: string; tools?: unknown[] }

type User = { email: string; key: string; token: string; handle: string; url: string }
const KEYS = { 'anna@berth.test': 'figd_key-of-anna-1c9f', 'bert@berth.test': 'figd_key-of-bert-7ab2' } // prettier-ignore

/** The secret that ends the first part of an instance URL. */
const secretOf = (url: string): string => /_([^_/]+)\/[a-z]+\/mcp$/.exec(url)?.[1] ?? ''

const isStatic = (port: number) => port >= FIRST_PORT && port <= LAST_PORT

/** Of what the machine hands out, something that is no static port. */
const outside = async <T extends { port: number; stop?: () => Promise<void> }>(
  make: () => Promise<T>,
): Promise<T> => {
  const made = await make()
  if (!isStatic(made.port)) return made
  const other = await outside(make)
  await made.stop?.()
  return other
}

describe('the whole fleet', function () {
  this.timeout(120_000)
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let env: Record<string, string> = {}
  let base: string
  let status: FleetStatus
  let demo = ''
  const users: User[] = []
  const home = () => join(folder(), 'home')
  const json = async <T>(...args: string[]): Promise<T> => {
    const { code, stdout, stderr } = await runBerth([...args, '--json'], env)
    assert.equal(code, 0, `berth ${args.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout) as T
  }
  const api = (method: string, path: string, { token }: { token: string }, body?: unknown) =>
    send(base, `/api/v1/${path}`, { method, headers: { authorization: `Bearer ${token}` }, body })

  after(async () => {
    if (!env['BERTH_HOME']) return // it was never begun
    await runBerth(['down'], env)
    await recorder.stop()
  })
  const folder = useTempFolder()
  before(async () => {
    const holder = findListener(FIRST_PORT) ?? findListener(LAST_PORT)
    assert.equal(holder, undefined, 'another fleet holds the static ports; take it down first')
    const answer = { body: '{"name":"The file of the recorder","email":"anna@figma.test"}' }
    recorder = await outside(() => startRecorder(() => answer))
    const { port } = await outside(async () => ({ port: (await findFreePorts(1))[0] ?? 0 }))
    base = `http://127.0.0.1:${port}`
    env = {
      PORT: String(port),
      BERTH_HOME: home(),
      BERTH_SANDBOX_URL: recorder.url,
      BERTH_LOG_LEVEL: 'debug',
    }
    status = await json<FleetStatus>('up').catch((error: unknown): never => {
      // Most likely something else on this machine holds a static port; the log names it.
      const taken = filesBelow(join(home(), 'logs')).flatMap((file) =>
        readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('"error"')),
      ) // prettier-ignore
      throw new Error(taken.join('\n'), { cause: error })
    })
  })

  it('is up: every service of the registry on its static port', async () => {
    const configs = readdirSync(REGISTRY, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => readConfig(join(REGISTRY, name, 'config.json')))
    assert.equal(configs.length, 374)
    const expected = configs.map(({ name, tools = [] }) => [name, tools.length > 0 ? 'healthy' : 'planned']) // prettier-ignore
    assert.deepEqual(statesOf(await json('status')), Object.fromEntries(expected))
    assert.equal(new Set(status.services.map(({ port }) => port)).size, 374)
    assert.ok(status.services.every(({ port }) => isStatic(port)))
    assert.equal(status.daemon.sandbox, recorder.url)
  })

  it('names its own service at /health of every port, from a process of the status', async () => {
    const pids = new Set(status.hosts.map(({ pid }) => pid))
    for (const { service, port } of status.services) {
      const { status: code, body } = await send(`http://127.0.0.1:${port}`, '/health')
      const health = body as { service: string; pid: number }
      assert.deepEqual([code, health.service], [200, service])
      assert.ok(pids.has(health.pid))
    }
  })

  it('gives two users an own URL each for their keys', async () => {
    for (const [email, key] of Object.entries(KEYS)) {
      await json('user', 'add', email)
      const { token } = await json<{ token: string }>('token', 'create', '--user', email)
      const made = await api('POST', 'services/figma/authenticate', { token }, { apiKey: key })
      assert.equal(made.status, 201)
      const { instanceId, instanceUrl, ...check } = made.body as Record<
        'instanceId' | 'instanceUrl',
        string
      >
      assert.deepEqual(check, { verification: 'valid', account: 'anna@figma.test' })
      const form =
        /^http:\/\/127\.0\.0\.1:\d+\/fig_user_[0-9a-f]{8}_[0-9a-f]{6}_\w{22}\/figma\/mcp$/
      assert.match(instanceUrl, form)
      users.push({ email, key, token, handle: instanceId, url: instanceUrl })
    }
    assert.equal(new Set(users.flatMap(({ handle, url }) => [handle, url])).size, 4)
    const others = await api('GET', 'services/figma/instance', users[1]!)
    assert.equal((others.body as { instanceUrl: string }).instanceUrl, users[1]!.url)
  })

  for (const [name, connect] of Object.entries(CONNECT))
    it(`serves each user with their own key through the ${name}`, async () => {
      for (const { key, url } of users) {
        const client = await connect(new URL(url))
        const { tools } = await client.listTools()
        assert.ok(tools.some((tool) => tool.name === 'get_file_details'))
        const file = `file-${recorder.requests.length}`
        const call = { name: 'get_file_details', arguments: { fileKey: file } }
        const result = await client.callTool(call)
        await client.close()
        assert.match(JSON.stringify(result.content), /The file of the recorder/)
        const [request, ...more] = recorder.requests.filter(({ url: to }) => to.includes(file))
        assert.deepEqual([request?.method, request?.url], ['GET', `/figma/v1/files/${file}`])
        assert.equal(more.length, 0)
        assert.equal(request?.headers['x-figma-token'], key)
        const { host, connection: _ofHttp, ...headers } = request.headers
        assert.equal(host, `127.0.0.1:${recorder.port}`)
        assert.deepEqual(Object.keys(headers).sort(), ['accept', 'user-agent', 'x-figma-token'])
        assert.doesNotMatch(JSON.stringify(request), /of-the-client/)
      }
    })

  it('says the same 404 to whatever is wrong with a URL', async () => {
    const [anna, bert] = [users[0]!, users[1]!]
    const made = await api('POST', 'services/echo/authenticate', anna, { apiKey: 'soon-gone' })
    const gone = (made.body as { instanceUrl: string }).instanceUrl
    const list = (url: string) => send(base, new URL(url.replace(/mcp$/, 'tools')).pathname)
    assert.equal((await list(gone)).status, 200)
    assert.equal((await api('DELETE', 'services/echo/instance', anna)).status, 204)
    const wrong = [
      gone,
      anna.url.replace(secretOf(anna.url), 'A'.repeat(22)),
      anna.url.replace(secretOf(anna.url), secretOf(bert.url)),
      anna.url.replace(`_${secretOf(anna.url)}`, ''),
      anna.url.replace('/figma/', '/github/'),
      anna.url.replace('/figma/', '/nothing/'),
      anna.url.replace(anna.handle, 'fig_user_00000000_000000'),
    ]
    const answers = await Promise.all(wrong.map(list))
    const [first, ...rest] = answers.map((answer) => {
      const { 'x-request-id': _own, date: _date, ...headers } = answer.headers
      return { ...errorOf(answer), headers }
    })
    assert.deepEqual([first?.status, first?.code], [404, 'not_found'])
    for (const answer of rest) assert.deepEqual({ ...answer, headers: {} }, { ...first, headers: {} }) // prettier-ignore
    for (const answer of rest) assert.deepEqual(Object.keys(answer.headers), Object.keys(first!.headers)) // prettier-ignore
    assert.equal((await list(anna.url)).status, 200)
  })

  it('shows itself in a demo that prints the call', async () => {
    const { code, stdout, stderr } = await runBerth(['demo'], env)
    assert.equal(code, 0, stderr)
    demo = /http\S+\/echo\/mcp/.exec(stdout)?.[0] ?? ''
    assert.ok(demo.startsWith(`${base}/ech_user_`))
    assert.match(stdout, /send_message, get_item, delete_item/)
    assert.match(stdout, /"method": "POST",\s+"path": "\/v1\/messages"/)
    assert.match(stdout, /"x-api-key": "\[api_key\]"/)
    assert.match(stdout, /"text": "hello from the demo"/)
    assert.equal((await runBerth(['demo'], env)).code, 0, 'again')
    assert.equal(recorder.requests.filter(({ url }) => url.includes('echo')).length, 0)
  })

  it('keeps keys, tokens and secrets out of every file, environment and command line', async () => {
    for (const { key, token, url } of users) {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const path = '/api/v1/services/figma/authenticate'
      await send(base, path, { method: 'POST', headers, body: `{"apiKey":"${key}"` })
      await api('POST', 'services/figma/authenticate', { token }, { apiKey: key, more: key })
      await send(base, new URL(url).pathname, { method: 'POST', headers, body: key })
    }
    const secrets = users.flatMap(({ key, token, url }) => [key, token, secretOf(url)])
    secrets.push(secretOf(demo), 'demo-key-of-nobody', 'soon-gone')
    for (const secret of secrets) {
      assert.ok(secret.length >= 9)
      assert.deepEqual(filesWith(home(), secret), [], 'a secret is in a file')
    }
    const kept = (name: string) => readFileSync(join(home(), name), 'utf8')
    const masterKey = Object.values(JSON.parse(kept('master.key')) as Record<string, string>)[0]!
    const own = { 'admin.token': kept('admin.token').trim(), 'master.key': masterKey }
    for (const [name, secret] of Object.entries(own))
      assert.deepEqual(filesWith(home(), secret), [join(home(), name)])
    // The search works: what may be there is found, in the database's files and in the logs.
    assert.ok(filesWith(join(home(), 'pg'), users[0]!.handle).length > 0)
    assert.equal(filesWith(join(home(), 'logs'), 'daemon ready').length, 1)
    assert.ok(filesBelow(home()).length > 500)
    const processes = processesNaming(home())
    assert.equal(processes.length, status.hosts.length + 2, 'PM2, the daemon and the hosts')
    for (const pid of processes) {
      const shown = `${environmentOfProcess(pid).join('\n')}\n${commandLineOf(pid)}`
      assert.ok(shown.includes(home()))
      for (const secret of [...secrets, ...Object.values(own)])
        assert.equal(shown.includes(secret), false, 'a secret is in an environment')
    }
  })

  it('goes down and leaves nothing', async () => {
    assert.deepEqual(await json('down'), { stopped: status.hosts.length + 1 })
    assert.deepEqual(processesNaming(home()), [])
    for (const { port } of [...status.services, { port: Number(env['PORT']) }])
      await assert.rejects(send(`http://127.0.0.1:${port}`, '/health'), { code: 'ECONNREFUSED' })
    const sockets = readdirSync(home(), { recursive: true, withFileTypes: true }).filter((entry) => entry.isSocket()) // prettier-ignore
    assert.deepEqual(sockets, [])
    const secrets = users.flatMap(({ key, token, url }) => [key, token, secretOf(url)])
    for (const secret of secrets) assert.deepEqual(filesWith(home(), secret), [])
  })
})
