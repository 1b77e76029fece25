import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Accounts } from '../../src/api/accounts.ts'
import { AppError } from '../../src/base/errors.ts'
import type { Fields } from '../../src/base/log-line.ts'
import { logThrough } from '../../src/base/log.ts'
import { startApi } from '../support/api.ts'
import { errorOf } from '../support/http.ts'

describe('errors of the API', () => {
  let api: Awaited<ReturnType<typeof startApi>>
  let listUsers: Accounts['listUsers']
  const emails: string[] = []
  const logged: Fields[] = []
  before(async () => {
    const accounts = {
      addUser: (email: string) => {
        emails.push(email)
        return Promise.resolve({ id: '1', email })
      },
      listUsers: () => listUsers(),
    } as unknown as Accounts
    api = await startApi({ accounts, log: logThrough((_level, fields) => logged.push(fields), 'api') }) // prettier-ignore
  })
  beforeEach(() => {
    logged.length = 0
    emails.length = 0
  })
  after(() => api.stop())

  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    api.call('POST /api/v1/admin/users', {
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  const USER = JSON.stringify({ email: 'a@example.com' })

  const malformed: [string, string | Buffer, Record<string, string>][] = [
    ['cut JSON', '{"email": "a@example.com"', {}],
    ['a bare word', 'hello', {}],
    ['a bare string', '"a@example.com"', {}],
    ['two values', '{} {}', {}],
    ['an encoding that it has not', USER, { 'content-encoding': 'gzip' }],
    ['a cut encoding', gzipSync(USER).subarray(0, 20), { 'content-encoding': 'gzip' }],
  ]
  for (const [title, body, headers] of malformed)
    it(`are 400 for ${title}, without quoting it`, async () => {
      const error = errorOf(await post(body, headers))
      assert.deepEqual([error.status, error.code], [400, 'malformed_json'])
      assert.doesNotMatch(error.message, /example\.com|hello/)
      assert.deepEqual(emails, [])
    })

  for (const [title, headers] of [
    ['another type', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['an unknown charset', { 'content-type': 'application/json; charset=klingon' }],
    ['an unknown encoding', { 'content-encoding': 'zip' }],
  ] as const)
    it(`are 415 for a body of ${title}`, async () => {
      const error = errorOf(await post(USER, headers))
      assert.deepEqual([error.status, error.code], [415, 'unsupported_media_type'])
      assert.deepEqual(emails, [])
    })

  it('are none for a body that is compressed rightly', async () => {
    assert.equal((await post(gzipSync(USER), { 'content-encoding': 'gzip' })).status, 201)
    assert.deepEqual(emails, ['a@example.com'])
  })

  it('are 413 for a body beyond 64 KiB, also when it grows to it', async () => {
    const large = JSON.stringify({ email: 'x'.repeat(70_000) })
    assert.deepEqual(errorOf(await post(large)).code, 'too_large')
    const packed = await post(gzipSync(large), { 'content-encoding': 'gzip' })
    assert.deepEqual([packed.status, errorOf(packed).code], [413, 'too_large'])
    const chunked = await post(large, { 'transfer-encoding': 'chunked' })
    assert.equal(errorOf(chunked).status, 413)
  })

  for (const [title, body] of [
    ['a list', '[]'],
    ['null', 'null'],
    ['an unknown key', '{"email": "a@example.com", "admin": true}'],
    ['a prototype', '{"email": "a@example.com", "__proto__": {"x": 1}}'],
    ['a missing field', '{}'],
    ['no body', ''],
    ['a wrong type', '{"email": ["a@example.com"]}'],
    ['a wrong form', '{"email": "a@example"}'],
  ] as const)
    it(`are 4xx for ${title}`, async () => {
      const error = errorOf(await post(body))
      assert.ok([400, 422].includes(error.status), String(error.status))
      assert.deepEqual(emails, [])
    })

  it('name everything that is wrong with a body and never quote its values', async () => {
    const body = JSON.stringify({ email: 'sk-secret', extra: 'sk-other', more: 1 })
    const { message } = errorOf(await post(body))
    for (const word of ['email', 'extra', 'more']) assert.ok(message.includes(word), message)
    assert.doesNotMatch(message, /sk-/)
  })

  it('are 404 for a path that no route takes, and for one that is not well formed', async () => {
    for (const route of ['GET /nowhere', 'GET /api/v1/nothing', 'PUT /api/v1', 'GET /%ff'])
      assert.equal(errorOf(await api.call(route)).code, 'not_found', route)
    const undecodable = await api.call('GET /api/v1/services/%E0%A4/instance')
    assert.equal(errorOf(undecodable).status, 404)
  })

  it('are 405 for another method of a path, with those that it takes, for strangers of a path of administrators 401', async () => {
    const put = await api.call('PUT /api/v1/admin/tokens/x')
    assert.equal(errorOf(put).code, 'method_not_allowed')
    assert.deepEqual([put.status, put.headers.allow], [405, 'DELETE'])
    const users = await api.call('DELETE /api/v1/admin/users')
    assert.deepEqual([users.status, users.headers.allow], [405, 'POST, GET, HEAD'])
    const rotate = await api.call('GET /api/v1/admin/keys/rotate')
    assert.deepEqual([rotate.status, rotate.headers.allow], [405, 'POST'])
    const stranger = await api.call('PUT /api/v1/admin/tokens', { headers: { authorization: '' } })
    assert.deepEqual([stranger.status, stranger.headers.allow], [401, undefined])
  })

  it('say with 401 by what one is known', async () => {
    const answer = await api.call('GET /api/v1/admin/users', { headers: { authorization: 'Bearer x' } }) // prettier-ignore
    assert.deepEqual([answer.status, answer.headers['www-authenticate']], [401, 'Bearer'])
  })

  it('hide what failed inside from the client and keep it in the log under the request id', async () => {
    listUsers = () => Promise.reject(new Error('password of the database is hunter2'))
    const answer = await api.call('GET /api/v1/admin/users')
    const error = errorOf(answer)
    assert.deepEqual([error.status, error.code], [500, 'internal'])
    assert.doesNotMatch(answer.text, /hunter2|at .*\.ts/)
    assert.equal(logged.length, 1)
    assert.equal(logged[0]?.['requestId'], answer.headers['x-request-id'])
    assert.match(JSON.stringify(logged), /hunter2/)
  })

  it('ask to come back when the database is away', async () => {
    listUsers = () => Promise.reject(new AppError('database_unavailable', 'It is away.'))
    const answer = await api.call('GET /api/v1/admin/users')
    assert.deepEqual(errorOf(answer), { status: 503, code: 'database_unavailable', message: 'It is away.' }) // prettier-ignore
    assert.equal(answer.headers['retry-after'], '1')
  })

  it('are not logged when a client is at fault or leaves in the middle of its body', async () => {
    const socket = connect(api.port, '127.0.0.1')
    const head = ['POST /api/v1/admin/users HTTP/1.1', 'host: localhost', 'content-length: 99']
    socket.write([...head, 'content-type: application/json', '', '{"email"'].join('\r\n'))
    await once(socket, 'ready')
    socket.resetAndDestroy()
    await post('{')
    await post('{}')
    assert.deepEqual(logged, [])
  })

  it('come with no-store and without a name of the server', async () => {
    const { headers } = await api.call('GET /nowhere')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-powered-by'], undefined)
  })
})
