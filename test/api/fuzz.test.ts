import assert from 'node:assert/strict'
import { onEveryFront, type Front, type TestUser } from '../support/front.ts'
import { errorOf, type Sent } from '../support/http.ts'

const SEGMENTS = [
  '%00', 'widgets%00', '%ff', '%E0%A4', '%ED%A0%80', '..%2f..%2fetc', '%0d%0aset-cookie:a', "'%20or%201=1--", '__proto__',
  'constructor', '%F0%9F%98%80', '%7Bid%7D', '*', '%25s', ';', '$1', `x${'x'.repeat(5_000)}`, '%22', '%5C', 'NULL',
] // prettier-ignore
const TEXTS = [
  '\u0000', 'a\u0000b', '\ud800', '\uffff', '🔑', '\r\nx: y', "'; drop table users; --", '{{api_key}}', '__proto__',
  '', ' ', 'x'.repeat(5_000), '-1', '1e999', 'a@example.com\u0000', `${'x'.repeat(400)}@example.com`, 'null',
] // prettier-ignore
const VALUES: unknown[] = [...TEXTS, null, true, -1, 1e308, [], [[]], {}, { a: { b: {} } }, ['a']]
const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
const BODIES = [
  deep, `{"credentials":${deep}}`, '{"apiKey":1e999}', '{"__proto__":{"apiKey":"k"}}', '{"a":1,"a":2}', '\ufeff{}', '\u0000',
  '{"credentials":{"__proto__":"k","api_key":"k"}}', '{"credentials":[]}', '{"credentials":{"":""}}', '[1]', '1', '"', '{',
] // prettier-ignore
const HEADERS = [
  { 'content-type': 'application/json; charset=utf-7' }, { 'content-type': 'text/plain' }, { 'content-type': ';' },
  { 'content-type': 'application/json', 'content-encoding': 'br' }, { 'content-type': 'application/x-www-form-urlencoded' },
  { 'content-type': 'application/json', 'content-encoding': 'gzip, gzip' }, { range: 'bytes=0-' }, { 'if-none-match': '*' },
] // prettier-ignore

type Request = { who: 'user' | 'admin' | 'nobody'; route: string; sent: Omit<Sent, 'method'> }

/** Every hole of every route, filled with everything that does not belong there. */
const malformedRequests = (email: string): Request[] => {
  const encoded = TEXTS.map((text) => encodeURIComponent(Buffer.from(text).toString()))
  const user = (route: string, sent: Request['sent'] = {}): Request => ({ who: 'user', route, sent }) // prettier-ignore
  const admin = (route: string, sent: Request['sent'] = {}): Request => ({ who: 'admin', route, sent }) // prettier-ignore
  const authenticate = 'POST /services/widgets/authenticate'
  return [
    ...SEGMENTS.flatMap((segment) => [
      user(`GET /services/${segment}/instance`),
      user(`DELETE /services/${segment}/instance`),
      user(`POST /services/${segment}/instance/rotate`),
      user(`POST /services/${segment}/authenticate`, { body: { apiKey: 'k' } }),
      admin(`DELETE /admin/tokens/${segment}`),
      { who: 'nobody', route: `GET /${segment}`, sent: {} } as const,
    ]),
    ...encoded.flatMap((text) => [
      user(`GET /services?cursor=${text}&category=${text}&q[]=${text}`),
      admin(`GET /admin/tokens?email=${text}`),
      admin(`GET /admin/instances?email=${text}`),
      admin(`DELETE /admin/instances?email=${email}&service=${text}`),
    ]),
    ...VALUES.flatMap((value) => [
      user(authenticate, { body: { apiKey: value } }),
      user(authenticate, { body: { credentials: { api_key: value } } }),
      user(authenticate, { body: { credentials: { [String(value)]: 'k' } } }),
      admin('POST /admin/users', { body: { email: value } }),
      admin('POST /admin/tokens', { body: { email, expiresAt: value } }),
      admin('POST /admin/instances', { body: { email, service: value, apiKey: 'k' } }),
      admin('POST /admin/instances/rotate', { body: { email, service: value } }),
    ]),
    ...BODIES.map((body) => user(authenticate, { body, headers: { 'content-type': 'application/json' } })), // prettier-ignore
    ...HEADERS.map((headers) => user(authenticate, { body: '{"apiKey":""}', headers })),
  ]
}

const ask = (front: Front, user: TestUser, { who, route, sent }: Request) => {
  if (who === 'admin') return front.callAsAdmin(route, sent.body)
  return front.call(who === 'user' ? user.token : undefined, route, sent)
}

onEveryFront('malformed requests', (front) => {
  it('are never answered with 5xx, always in the shape of an error, and change nothing', async () => {
    const [user, bystander] = [await front().newUser(), await front().newUser()]
    const { path } = await front().newInstance(bystander, 'widgets', 'key')
    const requests = malformedRequests(user.email)
    assert.ok(requests.length >= 300)
    for (const request of requests) {
      const what = JSON.stringify(request).slice(0, 200)
      const answer = await ask(front(), user, request)
      assert.ok(answer.status < 500, `${answer.status} to ${what}`)
      if (answer.status >= 400) assert.equal(errorOf(answer).status, answer.status, what)
      assert.ok(answer.headers['x-request-id'], what)
    }
    const { body } = await front().call(bystander.token, 'GET /user/instances')
    const { instances } = body as { instances: { instanceUrl: string }[] }
    assert.deepEqual(instances.map(({ instanceUrl }) => instanceUrl), [`${front().url}${path}/mcp`]) // prettier-ignore
  }).timeout(30_000)

  it('are refused by every route that takes a body or a name in its path, also what is added later', async () => {
    const { token } = await front().newUser()
    const bodies = [...BODIES, 'x'.repeat(70_000), JSON.stringify({ a: 'x'.repeat(70_000) })]
    const headers = { 'content-type': 'application/json' }
    for (const [path, operations] of Object.entries(front().document.paths))
      for (const [method, operation] of Object.entries(operations)) {
        const route = `${method.toUpperCase()} ${path.replace('/api/v1', '')}`
        const filled = SEGMENTS.map((segment) => route.replace(/\{\w+\}/, segment))
        const paths = route.includes('{') ? filled : []
        const sent = 'requestBody' in operation ? bodies : []
        if (!path.startsWith('/api/v1/')) continue
        for (const bearer of [token, front().adminToken]) {
          const answers = [
            ...(await Promise.all(paths.map((one) => front().call(bearer, one)))),
            ...(await Promise.all(
              sent.map((body) => front().call(bearer, route, { body, headers })),
            )),
          ]
          for (const { status, text } of answers) {
            assert.ok(status < 500, `${status} to ${route}: ${text}`)
            assert.doesNotMatch(text, /node_modules|\.ts:|    at /)
          }
        }
      }
  }).timeout(60_000)
})
