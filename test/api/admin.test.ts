import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { FLEET } from '../support/api.ts'
import { onEveryFront } from '../support/front.ts'
import { errorOf } from '../support/http.ts'

type Token = { id: string; token: string; expiresAt: string | null }
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

onEveryFront('what the operator does over HTTP', (front) => {
  const admin = (route: string, body?: unknown) => front().callAsAdmin(route, body)
  const newEmail = () => `${randomUUID()}@example.com`

  it('users: adds one, refuses the same again, lists them by email', async () => {
    const email = newEmail()
    const added = await admin('POST /admin/users', { email })
    assert.equal(added.status, 201)
    const { id, ...rest } = added.body as { id: string }
    assert.match(id, UUID)
    assert.deepEqual(rest, { email, role: 'user', maxInstances: null, instances: 0 })
    const again = await admin('POST /admin/users', { email })
    assert.deepEqual([again.status, errorOf(again).code], [409, 'email_taken'])
    const { users } = (await admin('GET /admin/users')).body as { users: { email: string }[] }
    assert.deepEqual(users.filter((user) => user.email === email), [added.body]) // prettier-ignore
    const emails = users.map((user) => user.email)
    assert.deepEqual(emails, [...emails].sort())
  })

  it('tokens: makes one, shows it this once, and it works', async () => {
    const { id: userId, email } = await front().newUser()
    const made = await admin('POST /admin/tokens', { email })
    assert.equal(made.status, 201)
    const { id, token, expiresAt } = made.body as Token
    assert.match(token, /^brt_[0-9A-Za-z]{40}$/)
    assert.equal(expiresAt, null)
    assert.equal((await front().call(token, 'GET /user/instances')).status, 200)
    const listed = await admin(`GET /admin/tokens?email=${email}`)
    assert.ok(!listed.text.includes(token))
    const { tokens } = listed.body as { tokens: Record<string, unknown>[] }
    const { createdAt, lastUsedAt, ...view } = tokens.find((one) => one['id'] === id) ?? {}
    const scopes = ['instances', 'read']
    assert.deepEqual(view, { id, userId, email, name: '', scopes, expiresAt: null })
    assert.ok(Date.parse(String(createdAt)) > 0)
    assert.ok(Date.parse(String(lastUsedAt)) >= Date.parse(String(createdAt)))
    const rows = await front().database.query('select * from api_tokens where id = $1', [id])
    assert.ok(!JSON.stringify(rows).includes(token), 'only its hash is stored')
  })

  it('tokens: gives one an end, and refuses an end that is no date', async () => {
    const { email } = await front().newUser()
    const expiresAt = '2999-12-31T23:00:00.000Z'
    const made = await admin('POST /admin/tokens', { email, expiresAt })
    assert.equal((made.body as Token).expiresAt, expiresAt)
    assert.equal((await front().call((made.body as Token).token, 'GET /services')).status, 200)
    const past = await admin('POST /admin/tokens', { email, expiresAt: '2001-01-01T00:00:00Z' })
    assert.equal((await front().call((past.body as Token).token, 'GET /services')).status, 401)
    for (const wrong of ['tomorrow', '2999-02-30T00:00:00Z', 90, '0000-01-01T00:00:00Z'])
      assert.equal((await admin('POST /admin/tokens', { email, expiresAt: wrong })).status, 422, String(wrong)) // prettier-ignore
  })

  it("tokens: lists one user's or all, and ends one without touching another", async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const idsOf = async (query: string) => {
      const { tokens } = (await admin(`GET /admin/tokens${query}`)).body as { tokens: Token[] }
      return tokens.map(({ id }) => id)
    }
    const [annas, bens] = [await idsOf(`?email=${anna.email}`), await idsOf(`?email=${ben.email}`)]
    assert.deepEqual([annas.length, bens.length], [1, 1])
    const all = await idsOf('')
    assert.ok(all.includes(annas[0]!) && all.includes(bens[0]!))
    assert.equal((await admin(`DELETE /admin/tokens/${annas[0]!}`)).status, 204)
    assert.deepEqual(await idsOf(`?email=${anna.email}`), [])
    assert.equal((await front().call(ben.token, 'GET /services')).status, 200)
    assert.equal(errorOf(await admin(`DELETE /admin/tokens/${annas[0]!}`)).status, 404)
    assert.equal(errorOf(await admin(`DELETE /admin/tokens/${randomUUID()}`)).status, 404)
    assert.equal(errorOf(await admin('DELETE /admin/tokens/1')).status, 422)
  })

  it('instances: does for a user what the user could do, with the same answers', async () => {
    const user = await front().newUser()
    const of = { email: user.email, service: 'widgets' }
    const made = await admin('POST /admin/instances', { ...of, apiKey: 'sk-secret' })
    assert.equal(made.status, 201)
    assert.deepEqual(Object.keys(made.body as object), ['instanceId', 'instanceUrl', 'verification']) // prettier-ignore
    const again = await admin('POST /admin/instances', { ...of, credentials: { api_key: 'sk-2' } })
    assert.deepEqual([again.status, again.body], [200, made.body])
    const query = new URLSearchParams(of).toString()
    const listed = await admin(`GET /admin/instances?email=${user.email}`)
    assert.deepEqual(listed.body, (await front().call(user.token, 'GET /user/instances')).body)
    assert.doesNotMatch(listed.text, /sk-/)
    const rotated = await admin('POST /admin/instances/rotate', of)
    const own = await front().call(user.token, 'GET /services/widgets/instance')
    assert.deepEqual([rotated.status, rotated.body], [200, own.body])
    assert.equal((await admin(`DELETE /admin/instances?${query}`)).status, 204)
    for (const answer of [
      await admin(`DELETE /admin/instances?${query}`),
      await admin('POST /admin/instances/rotate', of),
    ])
      // prettier-ignore
      assert.deepEqual([answer.status, errorOf(answer).code], [404, 'not_found'])
  })

  it('says which user is unknown, wherever a user is named', async () => {
    const email = newEmail()
    for (const [route, body] of [
      ['POST /admin/tokens', { email }],
      [`GET /admin/tokens?email=${email}`],
      ['POST /admin/instances', { email, service: 'widgets', apiKey: 'k' }],
      [`GET /admin/instances?email=${email}`],
      ['POST /admin/instances/rotate', { email, service: 'widgets' }],
      [`DELETE /admin/instances?email=${email}&service=widgets`],
    ] as const) {
      const answer = await admin(route, body)
      assert.deepEqual([answer.status, errorOf(answer).code], [404, 'user_unknown'], route)
      assert.ok(errorOf(answer).message.includes(email))
    }
  })

  it('shows the fleet and the version of the database', async () => {
    assert.deepEqual((await admin('GET /admin/fleet')).body, FLEET)
    const { version, newest } = (await admin('GET /admin/database')).body as Record<string, number>
    assert.ok(version && version === newest)
  })

  it('lists no secret anywhere but in the instance URLs', async () => {
    const user = await front().newUser()
    const { path } = await front().newInstance(user, 'widgets', 'sk-secret')
    const secret = path.split('/')[1]!.slice(-22)
    const routes = ['users', 'tokens', `instances?email=${user.email}`, 'fleet', 'database']
    for (const route of routes) {
      const { text } = await admin(`GET /admin/${route}`)
      const rest = text.replaceAll(/"instanceUrl":"[^"]*"/g, '')
      for (const plain of ['sk-secret', secret, user.token]) assert.ok(!rest.includes(plain), route)
    }
  })
})
