import assert from 'node:assert/strict'
import type { Operation, Parameter, Schema } from '../support/contract.ts'
import { onEveryFront, type Front, type TestUser } from '../support/front.ts'
import { errorOf, send, type Answer } from '../support/http.ts'

const WORDS = [
  '', '\0', 'a\0b', '\ud800', '🔑', "' or 1=1 --", '__proto__', '-1', '1e999', '9'.repeat(400), 'x'.repeat(5_000), '%00',
  '+275760-09-13T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '00000000-0000-0000-0000-000000000000',
  'https://[::1', 'a@b.c\0', 'WyIiLCIiXQ', 'bnVsbA', 'W10',
] // prettier-ignore
const VALUES: unknown[] = [
  ...WORDS, null, true, -1, 0.5, 1e308, 2 ** 31, 2 ** 63, [], [null], {}, { a: { b: {} } },
  ['a', 'a'], { length: -1 }, { toString: 1 }, Array.from({ length: 2_000 }, () => 'a'), { constructor: { prototype: {} } },
] // prettier-ignore
/** What no JSON library writes. */
const RAW = ['1e400', '-0', '{"__proto__":{"admin":true}}', '{"a":1,"a":2}', `${'['.repeat(9_000)}${']'.repeat(9_000)}`, '"\\ud800"', '"\\u0000"'] // prettier-ignore
const QUERIES = [
  '__proto__[x]=1', 'constructor[prototype][x]=1', 'a[b][c][d]=1', '%', '%ff=%fe', '&&&==&', `a=${'b'.repeat(12_000)}`,
  Array.from({ length: 2_000 }, (_none, at) => `k${at}=1`).join('&'), 'cursor=', 'cursor=e30', 'limit=1e9', 'limit[]=1&limit[]=2',
] // prettier-ignore

type One = { method: string; path: string; operation: Operation }
type Asked = { path: string; text?: string; headers?: Record<string, string | string[]> }

const operationsOf = ({ document }: Front): One[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  ) // prettier-ignore

/** What is right, as far as names tell. */
const rightFor = (name: string, { email, id }: TestUser): unknown =>
  ({
    email, id, userId: id, service: 'widgets', serviceType: 'widgets', services: ['widgets'], kid: 'k00000000', url: 'https://hooks.invalid/x',
    credentials: { api_key: 'k' }, expiresAt: '2099-01-01T00:00:00Z', before: '2000-01-01T00:00:00Z', issuer: 'https://a.test', subject: 's',
  })[name] ?? 'x' // prettier-ignore

const schemaOf = (operation: Operation): Schema =>
  operation.requestBody?.content?.['application/json']?.schema ?? {}

const bodyOf = (operation: Operation, user: TestUser): Record<string, unknown> =>
  Object.fromEntries((schemaOf(operation).required ?? []).map((name) => [name, rightFor(name, user)])) // prettier-ignore

const encode = (word: string): string => encodeURIComponent(Buffer.from(word).toString())

/** A request for each field of a route and each thing that does not belong there, all else being right. */
const requestsFor = ({ path, operation }: One, user: TestUser): Asked[] => {
  const parameters: readonly Parameter[] = operation.parameters ?? []
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => String(rightFor(name, user)))
  const inQuery = parameters.filter((one) => one.in === 'query')
  const needed = inQuery.filter(({ required }) => required)
  const queryBut = (left: string) =>
    needed.filter(({ name }) => name !== left).map(({ name }) => `${name}=${encode(String(rightFor(name, user)))}`) // prettier-ignore
  const right = bodyOf(operation, user)
  const text = operation.requestBody ? JSON.stringify(right) : undefined
  const send = (asked: Asked): Asked => (text === undefined ? asked : { text, ...asked })
  const at = `${filled}?${queryBut('').join('&')}`
  const fields = Object.keys(schemaOf(operation).properties ?? {})
  return [
    ...inQuery.flatMap(({ name }) =>
      WORDS.flatMap((word) =>
        [`${name}=${encode(word)}`, `${name}[]=${encode(word)}`].map((one) =>
          send({ path: `${filled}?${[...queryBut(name), one].join('&')}` }),
        ),
      ),
    ),
    ...(inQuery.length === 0 ? [] : QUERIES.map((query) => send({ path: `${at}&${query}` }))),
    ...fields.flatMap((field) => [
      ...VALUES.map((value) => ({ path: at, text: JSON.stringify({ ...right, [field]: value }) })),
      ...RAW.map((raw) => ({ path: at, text: JSON.stringify({ ...right, [field]: '@' }).replace('"@"', raw) })),
    ]),
    ...(text === undefined ? [] : oddHeaders(at, text)),
  ] // prettier-ignore
}

const oddHeaders = (path: string, text: string): Asked[] => [
  { path, text, headers: { 'content-type': 'text/plain' } },
  { path, text, headers: { 'content-type': 'application/json; charset=utf-16' } },
  { path, text, headers: { 'content-encoding': 'deflate' } },
  { path, text: Buffer.from(text, 'utf16le').toString('latin1') },
  { path, text, headers: { accept: 'x'.repeat(8_000), 'accept-encoding': '*;q=nan', 'if-none-match': '"' } },
  { path, text, headers: { 'x-request-id': ['a', 'b'], 'x-forwarded-for': ['1', '999.1.1.1', '::'] } },
] // prettier-ignore

const JSON_TYPE = { 'content-type': 'application/json' }
/** What would end what later requests need, and what asks a fleet, of which there is none here. */
const LEFT_OUT = [
  'removeUser',
  'plan',
  'applyPlan',
  'restartServices',
  'stopServices',
  'startServices',
]
const AT_ONCE = 16

onEveryFront('every field of every route', (front) => {
  const askAll = async (user: TestUser, token: string, isMeant: (path: string) => boolean) => {
    const requests = operationsOf(front())
      .filter(({ path, operation }) => isMeant(path) && !LEFT_OUT.includes(operation.operationId))
      .flatMap((one) => requestsFor(one, user).map((asked) => ({ ...asked, method: one.method })))
    const wrong: string[] = []
    const ask = async ({ method, path, text, headers }: (typeof requests)[number]) => {
      const sent = { ...(text !== undefined && JSON_TYPE), authorization: `Bearer ${token}`, ...headers } // prettier-ignore
      const answer = await send(front().url, path, { method, headers: sent, body: text })
      const said = `${answer.status} to ${method} ${path.slice(0, 150)} ${text?.slice(0, 150) ?? ''}: ${answer.text.slice(0, 200)}` // prettier-ignore
      if (!isRight(answer)) wrong.push(said)
    }
    const count = requests.length
    const work = async () => {
      for (let next = requests.shift(); next; next = requests.shift()) await ask(next)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return { count, wrong }
  }

  const isRight = (answer: Answer): boolean => {
    const { status, headers, text } = answer
    if (/node_modules|\.ts:\d|\n {4}at /.test(text)) return false
    // Node itself answers to a head that is too large.
    if (status === 431) return true
    if (status >= 500 || headers['x-request-id'] === undefined) return false
    const isPage = String(headers['content-type']).startsWith('text/html')
    return status < 400 || isPage || errorOf(answer).status === status
  }

  const isForAdmins = (path: string) => path.startsWith('/api/v1/admin/')

  it('takes what does not belong there without a 5xx from users', async () => {
    const user = await front().newUser()
    await front().newInstance(user, 'widgets', 'k')
    const { count, wrong } = await askAll(user, user.token, (path) => !isForAdmins(path))
    assert.deepEqual(wrong, [])
    assert.ok(count > 300, String(count))
    assert.equal(({} as Record<string, unknown>)['admin'], undefined)
  }).timeout(120_000)

  it('takes what does not belong there without a 5xx from administrators', async () => {
    const { count, wrong } = await askAll(await front().newUser(), front().adminToken, isForAdmins)
    assert.deepEqual(wrong, [])
    assert.ok(count > 1_000, String(count))
  }).timeout(120_000)
})
