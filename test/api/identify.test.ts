import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { hashSecret } from '../../src/model/instance.ts'
import { insertToken } from '../../src/store/tokens.ts'
import { onEveryFront } from '../support/front.ts'
import { errorOf } from '../support/http.ts'

/** Route → the scope that it wants. */
const USER_ROUTES = {
  'POST /services/widgets/authenticate': 'instances',
  'POST /services/widgets/instance/rotate': 'instances',
  'DELETE /services/widgets/instance': 'instances',
  'POST /services/widgets/instance/pause': 'instances',
  'POST /services/widgets/instance/resume': 'instances',
  'GET /services/widgets/instance': 'read',
  'GET /user/instances': 'read',
} as const
const ADMIN_ROUTES = [
  'GET /admin/fleet',
  'GET /admin/plan',
  'POST /admin/apply',
  'POST /admin/services/restart',
  'POST /admin/services/stop',
  'POST /admin/services/start',
  'GET /admin/database',
  'GET /admin/users',
  'PATCH /admin/users/1a2b3c4d-0000-4000-8000-000000000000',
  'DELETE /admin/users/1a2b3c4d-0000-4000-8000-000000000000',
  'GET /admin/users/1a2b3c4d-0000-4000-8000-000000000000/identities',
  'POST /admin/users/1a2b3c4d-0000-4000-8000-000000000000/identities',
  'DELETE /admin/users/1a2b3c4d-0000-4000-8000-000000000000/identities',
  'GET /admin/services',
  'GET /admin/usage',
  'GET /admin/instances/all',
  'POST /admin/users',
  'GET /admin/tokens',
  'POST /admin/tokens',
  'DELETE /admin/tokens/1a2b3c4d-0000-4000-8000-000000000000',
  'GET /admin/instances',
  'POST /admin/instances',
  'POST /admin/instances/rotate',
  'DELETE /admin/instances',
  'GET /admin/nothing',
]
const EVERY_ROUTE = [...Object.keys(USER_ROUTES), ...ADMIN_ROUTES, 'GET /services']

onEveryFront('who may call the API', (front) => {
  const statusOf = async (token: string | undefined, route: string) =>
    errorOf(await front().call(token, route)).status
  /** A token with these scopes alone. */
  const newToken = async (scopes: string[], expiresInMs?: number): Promise<string> =>
    (await newTokenOf(scopes, expiresInMs)).token
  const newTokenOf = async (scopes: string[], expiresInMs?: number) => {
    const token = `brt_${randomBytes(20).toString('hex')}`
    const { id: userId } = await front().newUser()
    const expiresAt = expiresInMs === undefined ? undefined : new Date(Date.now() + expiresInMs)
    await insertToken(front().database, { userId, hash: hashSecret(token), scopes, expiresAt })
    return { token, userId }
  }

  it('nobody without a token', async () => {
    for (const route of EVERY_ROUTE) assert.equal(await statusOf(undefined, route), 401, route)
  })

  it('nobody whose token is unknown, empty or of another scheme', async () => {
    const { token } = await front().newUser()
    const wrong = [
      'Bearer brt_unknown', 'Bearer', 'Bearer ', `Basic ${token}`, token, `Bearer ${token}x`,
      `Bearer ${token} ${token}`, `Bearer ${token.toUpperCase()}`, `Bearer x,Bearer ${token}`,
    ] // prettier-ignore
    for (const authorization of wrong) {
      const answer = await front().call(undefined, 'GET /user/instances', {
        headers: { authorization },
      })
      assert.deepEqual([answer.status, errorOf(answer).code], [401, 'unauthorized'], authorization)
    }
    const headers = { authorization: `bEARER  ${token}` }
    const answer = await front().call(undefined, 'GET /user/instances', { headers })
    assert.equal(answer.status, 200)
  })

  it('nobody whose token has expired or was revoked', async () => {
    const expired = await newToken(['instances', 'read', 'admin'], -60_000)
    for (const route of EVERY_ROUTE) assert.equal(await statusOf(expired, route), 401, route)
    const { token, email } = await front().newUser()
    assert.equal((await front().call(token, 'GET /user/instances')).status, 200)
    const { body } = await front().callAsAdmin(`GET /admin/tokens?email=${email}`)
    const [row] = (body as { tokens: { id: string }[] }).tokens
    await front().callAsAdmin(`DELETE /admin/tokens/${row!.id}`)
    for (const route of EVERY_ROUTE) assert.equal(await statusOf(token, route), 401, route)
  })

  it('only tokens with the scope of the route', async () => {
    for (const [route, scope] of Object.entries(USER_ROUTES)) {
      const others = ['instances', 'read', 'admin'].filter((one) => one !== scope)
      assert.equal(await statusOf(await newToken(others), route), 403, route)
      assert.notEqual((await front().call(await newToken([scope]), route)).status, 403, route)
    }
  })

  it('no admin token for the routes of users: it stands for none', async () => {
    for (const route of Object.keys(USER_ROUTES))
      assert.equal(errorOf(await front().callAsAdmin(route)).code, 'forbidden', route)
  })

  it('no token of a user for the routes of the operator, whatever it is', async () => {
    const { token } = await front().newUser()
    for (const route of ADMIN_ROUTES) assert.equal(await statusOf(token, route), 403, route)
  })

  it('the scope admin is worth what the role of its user allows', async () => {
    const { token, userId } = await newTokenOf(['admin'])
    const reads = ['GET /admin/users', 'GET /admin/fleet', 'GET /admin/instances/all', 'GET /admin/services'] // prettier-ignore
    const writes = ADMIN_ROUTES.filter((route) => !route.startsWith('GET '))
    const statuses = async (routes: readonly string[]) => {
      const answers = await Promise.all(routes.map((route) => front().call(token, route)))
      return new Set(answers.map(({ status }) => (status === 403 ? 403 : 0)))
    }
    assert.deepEqual(await statuses([...reads, ...writes]), new Set([403]))
    await front().callAsAdmin(`PATCH /admin/users/${userId}`, { role: 'operator' })
    assert.deepEqual(await statuses(reads), new Set([0]))
    const secret = ['GET /admin/instances', 'GET /admin/tokens', `GET /admin/users/${userId}/identities`] // prettier-ignore
    assert.deepEqual(await statuses([...secret, ...writes]), new Set([403]))
    await front().callAsAdmin(`PATCH /admin/users/${userId}`, { role: 'admin' })
    const harmless = reads.concat('GET /admin/tokens', 'POST /admin/users')
    assert.deepEqual(await statuses(harmless), new Set([0]))
  })

  it('everybody with any token for the catalogue', async () => {
    for (const scopes of [['read'], ['instances'], ['admin']])
      assert.equal((await front().call(await newToken(scopes), 'GET /services')).status, 200)
  })
})
