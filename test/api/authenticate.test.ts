import assert from 'node:assert/strict'
import { onEveryFront, type TestUser } from '../support/front.ts'
import { errorOf } from '../support/http.ts'

type Authenticated = { instanceId: string; instanceUrl: string; verification: string }

onEveryFront('entering a key', (front) => {
  const authenticate = (user: TestUser, service: string, body: unknown) =>
    front().call(user.token, `POST /services/${service}/authenticate`, { body })
  const authenticated = async (user: TestUser, service: string, body: unknown) => {
    const answer = await authenticate(user, service, body)
    assert.equal(answer.status, 201)
    return answer.body as Authenticated
  }
  const rowOf = async (instanceId: string) => {
    const rows = await front().database.query(
      'select * from user_service_instances where instance_id = $1',
      [instanceId],
    )
    return rows[0]
  }

  it('makes an instance with 201; only the URL carries the secret', async () => {
    const user = await front().newUser()
    const { instanceId, instanceUrl, ...rest } = await authenticated(user, 'widgets', { apiKey: 'sk-1' }) // prettier-ignore
    assert.match(instanceId, /^wid_user_[0-9a-f]{8}_[0-9a-f]{6}$/)
    assert.ok(instanceId.startsWith(`wid_user_${user.id.slice(0, 8)}_`))
    const [, handle, secret] = /\/(\w+)_([0-9A-Za-z]{22})\/widgets\/mcp$/.exec(instanceUrl) ?? []
    assert.equal(handle, instanceId)
    assert.ok(instanceUrl.startsWith(`${front().url}/`))
    assert.deepEqual(rest, { verification: 'unverifiable' })
    const stored = JSON.stringify(await rowOf(instanceId))
    for (const plain of ['sk-1', secret!, Buffer.from(secret!).toString('hex')])
      assert.ok(!stored.includes(plain), 'nothing is stored in the clear')
  })

  it('keeps the instance and its URL with 200 the second time', async () => {
    const user = await front().newUser()
    const first = await authenticated(user, 'widgets', { apiKey: 'sk-1' })
    const sealed = await rowOf(first.instanceId)
    const again = await authenticate(user, 'widgets', { credentials: { api_key: 'sk-2' } })
    assert.equal(again.status, 200)
    assert.deepEqual(again.body, first)
    const resealed = await rowOf(first.instanceId)
    assert.notEqual(resealed?.['encrypted_api_key'], sealed?.['encrypted_api_key'])
    assert.deepEqual(resealed?.['sealed_secret'], sealed?.['sealed_secret'])
  })

  it('makes one instance, when the same user does it many times at once', async () => {
    const user = await front().newUser()
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => authenticate(user, 'widgets', { apiKey: `sk-${n}` })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [...Array<number>(7).fill(200), 201]) // prettier-ignore
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
  })

  it('takes fields by name, optional ones or not, and none for a service that has none', async () => {
    const user = await front().newUser()
    await authenticated(user, 'gadgets', { credentials: { key: 'a', secret: 'b' } })
    const all = { credentials: { key: 'a', secret: 'b', region: 'eu' } }
    assert.equal((await authenticate(user, 'gadgets', all)).status, 200)
    await authenticated(user, 'echo', {})
    const both = { apiKey: 'sk', credentials: { subdomain: 'acme' } }
    await authenticated(user, 'forms', both)
  })

  it('is refused with 422 naming the fields when apiKey could be any of several', async () => {
    const answer = await authenticate(await front().newUser(), 'gadgets', { apiKey: 'sk-secret' })
    const { status, code, message } = errorOf(answer)
    assert.deepEqual([status, code], [422, 'credentials_ambiguous'])
    for (const name of ['key', 'secret', 'region (optional)']) assert.ok(message.includes(name))
    assert.doesNotMatch(message, /sk-secret/)
  })

  it('is refused with 422 naming what is missing, unknown or malformed, never the value', async () => {
    const user = await front().newUser()
    const refused: [string, unknown, string[]][] = [
      ['widgets', {}, ['api_key is missing']],
      ['widgets', { credentials: {} }, ['api_key is missing']],
      ['widgets', { credentials: { api_key: '' } }, ['api_key is missing']],
      ['widgets', { apiKey: '' }, ['apiKey']],
      ['widgets', { apiKey: 7 }, ['apiKey']],
      ['widgets', { apiKey: 'sk-secret', token: 'sk-secret' }, ['token']],
      ['widgets', { credentials: { api_key: { v: 'sk-secret' } } }, ['credentials.api_key']],
      ['widgets', { apiKey: `sk-secret${'x'.repeat(6_000)}` }, ['apiKey']],
      ['widgets', { apiKey: 'sk-secret\u0000' }, ['api_key has control characters']],
      ['forms', { apiKey: 'sk-secret' }, ['subdomain is missing']],
      ['gadgets', { credentials: { key: 'sk-secret', x: 'sk-secret' } }, ['secret is missing', 'x is not a field']], // prettier-ignore
      ['echo', { credentials: { key: 'sk-secret' } }, ['key is not a field of echo']],
    ]
    for (const [service, body, words] of refused) {
      const { status, message } = errorOf(await authenticate(user, service, body))
      assert.equal(status, 422, message)
      for (const word of words) assert.ok(message.includes(word), `${word} in ${message}`)
      assert.doesNotMatch(message, /sk-secret/)
    }
    const { body } = await front().call(user.token, 'GET /user/instances')
    assert.deepEqual(body, { instances: [] })
  })

  it('is 404 for a service that is not there', async () => {
    const user = await front().newUser()
    for (const service of ['nothing', 'Widgets', 'constructor', 'widgets%2F'])
      assert.equal(errorOf(await authenticate(user, service, { apiKey: 'k' })).code, 'service_unknown') // prettier-ignore
  })
})
