import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { SignJWT } from 'jose'
import type { FleetStatus } from '../../src/model/fleet.ts'
import { silentLog } from '../../src/base/log.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { filesBelow, filesWith } from '../support/files-with.ts'
import { useFleet } from '../support/fleet.ts'
import { send } from '../support/http.ts'
import { commandLineOf, environmentOfProcess, processesNaming } from '../support/processes.ts'
import { startRecorder } from '../support/recorder.ts'
import { waitUntil } from '../support/wait-until.ts'

const canary = (name: string) => `${name}-${randomBytes(16).toString('hex')}`
const KEY = canary('key')
const SECOND_KEY = canary('replaced')
const REFUSED_KEY = canary('refused')
const BODY = canary('argument')
const PASSWORD = canary('password')
const CLIENT = canary('client')
/** Of a sign-in: the operator's client secret, the code, and what the provider gives for it. */
const OAUTH_SECRET = canary('oauth')
const CODE = canary('code')
const ACCESS = canary('access')
const REFRESH = canary('refresh')
/** In the address of a webhook. */
const HOOK = canary('hook')
/** Of the integrator's web app. */
const JWT_SECRET = canary('jwt')
const OAUTH_AUTH = {
  type: 'oauth2',
  fields: [{ name: 'access_token', type: 'password', required: true, description: '' }],
  inject: { headers: { Authorization: 'Bearer {{access_token}}' } },
  oauth: {
    authorizationUrl: 'https://login.beta.test/authorize',
    tokenUrl: 'https://login.beta.test/token',
    scopes: [],
  },
} as const

describe('canaries: keys, tokens and secrets that went every way', function () {
  this.timeout(120_000)
  let recorder: Awaited<ReturnType<typeof startRecorder>>
  let env: Record<string, string> = {}
  const secrets = [KEY, SECOND_KEY, REFUSED_KEY, BODY, PASSWORD, CLIENT, OAUTH_SECRET, CODE, ACCESS, REFRESH, HOOK, JWT_SECRET] // prettier-ignore
  /** What commands and routes said that are not there for showing a secret. */
  const said: string[] = []
  after(() => recorder.stop())
  const fleet = useFleet({ services: ['alpha', 'beta'] })
  before(async () => {
    // An API that fails, and says everything that it was sent.
    recorder = await startRecorder((request) => ({
      status: request.url.includes('/fail') ? 500 : 200,
      body: JSON.stringify(
        request.url === '/beta/token'
          ? { access_token: ACCESS, refresh_token: REFRESH, expires_in: 3_600 }
          : { path: request.url },
      ),
    }))
    fleet().configure('beta', { auth: OAUTH_AUTH })
    const url = new URL(fleet().env['DATABASE_URL'] ?? '')
    url.password = PASSWORD
    const secretFile = join(dirname(fleet().home), 'jwt.secret')
    writeFileSync(secretFile, JWT_SECRET, { mode: 0o600 })
    env = {
      BERTH_JWT_SECRET_FILE: secretFile,
      BERTH_SANDBOX_URL: recorder.url,
      BERTH_LOG_LEVEL: 'debug',
      DATABASE_URL: url.href,
    }
    await fleet().json(['up'], { env })
  })

  const json = <T = FleetStatus>(...args: string[]) => fleet().json<T>(args, { env })
  const tell = async (...args: string[]) => {
    const { stdout, stderr } = await fleet().run(args, { env })
    said.push(stdout, stderr)
  }
  const api = async (method: string, path: string, token: string, body?: unknown) => {
    const authorization = `Bearer ${token}`
    const sent = { method, headers: { authorization, cookie: `session=${CLIENT}` }, body }
    return send(fleet().url, path, sent)
  }
  const call = (path: string, arguments_: unknown) =>
    send(fleet().url, path, {
      method: 'POST',
      headers: { authorization: `Bearer ${CLIENT}`, 'x-berth-credentials': CLIENT },
      body: arguments_,
    })
  const pathOf = (url: string) => new URL(url).pathname.replace(/\/mcp$/, '')
  const secretOf = (url: string) => /_([0-9A-Za-z]+)\//.exec(new URL(url).pathname)?.[1] ?? ''

  it('go through success, refusal, failure, rotation and crashes', async () => {
    await json('user', 'add', 'anna@berth.test')
    const { token } = await json<{ token: string }>('token', 'create', '--user', 'anna@berth.test')
    secrets.push(token)
    const route = '/api/v1/services/alpha/authenticate'
    const made = await api('POST', route, token, { apiKey: KEY })
    const { instanceUrl } = made.body as { instanceUrl: string }
    secrets.push(secretOf(instanceUrl))
    const path = pathOf(instanceUrl)
    assert.equal((await call(`${path}/tools/get_item`, { id: BODY })).status, 200)
    assert.ok(recorder.requests.some(({ headers }) => headers['x-api-key'] === KEY))
    for (const [at, body] of [
      [`${path}/tools/get_item`, { id: `fail-${BODY}` }],
      [`${path}/tools/get_item`, { nothing: BODY }],
      [`${path}/tools/${BODY}`, {}],
      [`${path}/tools/get_item`, `{"id": "${BODY}`],
      [`${path}/mcp`, BODY],
      [`${path.replace('alpha', 'beta')}/tools`, {}],
      [`${path}x/tools`, {}],
    ] as const)
      await call(at, body)
    for (const body of [
      { apiKey: REFUSED_KEY, more: REFUSED_KEY },
      { credentials: { [REFUSED_KEY]: 'x' } },
      `{"apiKey":"${REFUSED_KEY}`,
    ]) {
      const answer = await api('POST', route, token, body)
      assert.ok(answer.status >= 400)
    }
    await api('POST', route, `${token}x`, { apiKey: REFUSED_KEY })
    await api('POST', route, token, { apiKey: SECOND_KEY })
    const rotated = await api('POST', '/api/v1/services/alpha/instance/rotate', token)
    secrets.push(secretOf((rotated.body as { instanceUrl: string }).instanceUrl))
    assert.equal((await call(`${path}/tools`, {})).status, 404)
    await addWebhook()
    await signIn(token)
    await comeWithJwt(path)
    await tell('keys', 'rotate')
    await tell('keys', 'status')
    await tell('oauth', 'clients', 'list')
    await tell('audit', 'list')
    await tell('audit', 'verify')
    await tell('token', 'list')
    await tell('user', 'list')
    await tell('pm2', 'jlist')
    await tell('instance', 'create', '--user', 'nobody@berth.test', 'alpha')
    await lookAround(token)
  })

  /** Its address and the secret that signs are shown to who adds it, and to nobody else. */
  const addWebhook = async () => {
    const address = `${recorder.url}/hooks/${HOOK}`
    const { secret } = await json<{ secret: string }>('webhook', 'add', address, '--allow-private')
    secrets.push(secret)
  }

  /** Everything that shows something: to operators, to users, to whoever measures, to webhooks. */
  const lookAround = async (token: string) => {
    const admin = readFileSync(join(fleet().home, 'admin.token'), 'utf8').trim()
    secrets.push(admin)
    said.push((await api('POST', '/api/v1/admin/keys/rotate', admin, {})).text)
    for (const args of [
      ['webhook', 'list', '--json'],
      ['events'],
      ['usage', '--by', 'tool', '--csv'],
      ['usage', 'idle', '--json'],
      ['logs', 'alpha'],
      ['why', 'alpha'],
      ['doctor'],
      ['health', '--all'],
      ['instance', 'list', '--json'],
      ['db', 'backup', '--json'],
    ])
      // prettier-ignore
      await tell(...args)
    for (const path of ['/openapi.json', '/metrics', '/ready', '/api/v1/services', '/api/v1/user/usage?format=csv'])
      said.push((await api('GET', path, token)).text) // prettier-ignore
    for (const path of ['events/history', 'admin/audit', 'admin/webhooks', 'admin/usage?format=csv', 'admin/fleet', 'admin/keys'])
      said.push((await api('GET', `/api/v1/${path}`, admin)).text) // prettier-ignore
    const delivered = () => recorder.requests.filter(({ url }) => url === `/hooks/${HOOK}`)
    await waitUntil('a webhook has heard of the rotation', () =>
      delivered().some(({ body }) => body.includes('key.rotation')),
    )
    for (const { headers, body } of delivered()) said.push(JSON.stringify(headers), body)
  }

  /** A user of the integrator's web app, through API and gateway. */
  const comeWithJwt = async (path: string) => {
    const claims = { issuer: 'https://app.berth.test', subject: canary('subject') }
    await json('user', 'link', 'anna@berth.test', '--issuer', claims.issuer, '--subject', claims.subject) // prettier-ignore
    const sign = (secret: string) =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(claims.issuer)
        .setSubject(claims.subject)
        .setExpirationTime('5m')
        .sign(Buffer.from(secret))
    const jwt = await sign(JWT_SECRET)
    const forged = await sign(canary('forged'))
    secrets.push(jwt, forged)
    const mine = await api('GET', '/api/v1/user/instances', jwt)
    const { instances } = mine.body as { instances: { serviceType: string }[] }
    assert.deepEqual(
      instances.map(({ serviceType }) => serviceType),
      ['alpha', 'beta'],
    )
    assert.equal((await api('GET', '/api/v1/user/instances', forged)).status, 401)
    const handle = path.replace(/_[0-9A-Za-z]+\/alpha$/, '/alpha')
    assert.equal((await api('GET', `${handle}/tools`, jwt)).status, 200)
    assert.equal((await api('GET', `${handle}/tools`, forged)).status, 404)
  }

  const signIn = async (token: string) => {
    const set = ['oauth', 'clients', 'set', 'beta', '--client-id', 'berth']
    const { code, stdout, stderr } = await fleet().run(set, { env, stdin: OAUTH_SECRET })
    assert.equal(code, 0, stderr)
    said.push(stdout, stderr)
    const start = () => api('POST', '/api/v1/services/beta/oauth/start', token, {})
    const comeBack = async (more = '') => {
      const { authorizationUrl } = (await start()).body as { authorizationUrl: string }
      const state = new URL(authorizationUrl).searchParams.get('state') ?? ''
      secrets.push(state)
      const page = await send(fleet().url, `/oauth/callback?code=${CODE}&state=${state}${more}`)
      said.push(page.text)
      return page.status
    }
    assert.equal(await comeBack(`&error=access_denied&error_description=${CODE}`), 400)
    assert.equal(await comeBack(), 200)
    const asked = recorder.requests.find(({ url }) => url === '/beta/token')
    assert.ok(asked?.body.includes(OAUTH_SECRET) && asked.body.includes(CODE))
    const { body } = await api('GET', '/api/v1/services/beta/instance', token)
    const { instanceUrl } = body as { instanceUrl: string }
    secrets.push(secretOf(instanceUrl))
    await call(`${pathOf(instanceUrl)}/tools/get_item`, { id: BODY })
    assert.ok(recorder.requests.some(({ headers }) => headers.authorization === `Bearer ${ACCESS}`))
  }

  it('go through the end of a host and of the daemon', async () => {
    const before = await json('status')
    const pids = [before.hosts[0]?.pid, before.daemon.pid]
    for (const pid of pids) process.kill(pid ?? 0, 'SIGKILL')
    await waitUntil('the fleet is whole again', async () => {
      const now = await fleet().json(['status'], { env }).catch(() => undefined) // prettier-ignore
      const isNew = now?.daemon.state === 'running' && !pids.includes(now.daemon.pid)
      return isNew && now.services.every(({ state }) => state === 'healthy')
    })
    await tell('status')
    await tell('status', '--json')
  })

  it('are in no file, no process, no row and no answer', async () => {
    assert.equal(new Set(secrets).size, 22)
    const { home } = fleet()
    const own = ['database.url', 'admin.token']
    const processes = processesNaming(home)
    const texts = {
      'what commands said': said.join('\n'),
      'the processes': processes.map((pid) => `${environmentOfProcess(pid).join('\n')}\n${commandLineOf(pid)}`).join('\n'), // prettier-ignore
      'the database': await dump(env['DATABASE_URL'] ?? ''),
    }
    for (const secret of secrets) {
      assert.ok(secret.length >= 22)
      const name = secret.split('-')[0] ?? ''
      const files = filesWith(home, secret).filter((file) => !own.includes(file.slice(home.length + 1))) // prettier-ignore
      assert.deepEqual(files, [], `${name} is in a file`)
      for (const [where, text] of Object.entries(texts))
        assert.equal(text.includes(secret), false, `${name} is in ${where}`)
    }
    // The search finds what is there.
    assert.deepEqual(filesWith(home, PASSWORD), [join(home, 'database.url')])
    assert.match(texts['the database'], /anna@berth\.test/)
    assert.match(texts['the processes'], /BERTH_HOME=/)
    for (const seen of ['keys.rotate', 'key.rotation', '"openapi":"3.1', 'berth_gateway_requests_total', 'name,requests,errors'])
      assert.ok(texts['what commands said'].includes(seen), seen) // prettier-ignore
    const logs = filesBelow(join(home, 'logs')).map((file) => readFileSync(file, 'utf8')).join('') // prettier-ignore
    assert.match(logs, /daemon ready/)
  })

  /** Every row of every table as text. */
  const dump = async (url: string): Promise<string> => {
    const database = await openPostgres(url, silentLog)
    try {
      const tables = await database.query<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
      )
      const lines = []
      for (const { name } of tables)
        lines.push(...(await database.query<{ line: string }>(`select t::text as line from ${name} t`))) // prettier-ignore
      return lines.map(({ line }) => line).join('\n')
    } finally {
      await database.close()
    }
  }
})
