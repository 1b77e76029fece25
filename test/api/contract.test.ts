import assert from 'node:assert/strict'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { onEveryFront } from '../support/front.ts'
import { send } from '../support/http.ts'

onEveryFront('the OpenAPI document', (front) => {
  it('has no finding of a linter', async () => {
    const config = await createConfig({ extends: ['recommended-strict'] })
    const source = JSON.stringify(front().document)
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config })
    assert.deepEqual(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]), []) // prettier-ignore
  })

  it('says who may call each route, and that errors have one shape', () => {
    for (const [path, operations] of Object.entries(front().document.paths))
      for (const [method, { security, responses }] of Object.entries(operations)) {
        const what = `${method} ${path}`
        // Of /metrics no token is one of two ways.
        const ways = path === '/metrics' ? 2 : path.startsWith('/api/v1/') ? 1 : 0
        assert.equal(security.length, ways, what)
        for (const [status, response] of Object.entries(responses)) {
          // People read what the callback answers, and probes what /ready does.
          const isOwn = path === '/ready' || (path === '/oauth/callback' && status === '400')
          if (Number(status) < 400 || isOwn) continue
          const schema = { $ref: '#/components/schemas/Error' }
          assert.deepEqual(
            response?.content,
            { 'application/json': { schema } },
            `${what} ${status}`,
          )
        }
      }
  })

  it('comes with an ETag, and with 304 as long as it is the same', async () => {
    const first = await send(front().url, '/openapi.json')
    const etag = String(first.headers.etag)
    assert.match(etag, /^"[\w-]{27}"$/)
    const headers = { 'if-none-match': etag }
    const again = await send(front().url, '/openapi.json', { headers })
    assert.deepEqual([again.status, again.text], [304, ''])
    const user = await front().newUser()
    const services = await front().call(user.token, 'GET /services')
    const same = await front().call(user.token, 'GET /services', { headers: { 'if-none-match': String(services.headers.etag) } }) // prettier-ignore
    assert.equal(same.status, 304)
    const mine = await front().call(user.token, 'GET /user/instances')
    assert.equal(mine.headers.etag, undefined, 'what holds secrets is not kept by anybody')
    assert.equal(mine.headers['cache-control'], 'no-store')
  })
})
