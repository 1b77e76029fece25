import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { createFailureLimit } from '../../src/api/failures.ts'
import { AppError } from '../../src/base/errors.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { findUserByEmail, insertUser } from '../../src/store/users.ts'
import { removeUser } from '../../src/store/user-removal.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { onEveryFront } from '../support/front.ts'
import { errorOf, send } from '../support/http.ts'

onEveryFront('users', (front) => {
  const admin = (route: string, body?: unknown) => front().callAsAdmin(route, body)
  const enter = (token: string, service: string) =>
    front().call(token, `POST /services/${service}/authenticate`, {
      body: service === 'echo' ? {} : { credentials: { api_key: 'k', ...(service === 'forms' && { subdomain: 'a' }) } }, // prettier-ignore
    })

  it('are removed with every secret of theirs, and nobody else is touched', async () => {
    const [anna, ben] = [await front().newUser(), await front().newUser()]
    const [hers, his] = [await front().newInstance(anna, 'widgets', 'a'), await front().newInstance(ben, 'widgets', 'b')] // prettier-ignore
    assert.equal((await send(front().url, hers.path)).status, 200)
    assert.equal((await admin(`DELETE /admin/users/${anna.id}`)).status, 204)
    assert.equal((await send(front().url, hers.path)).status, 404)
    assert.equal((await send(front().url, his.path)).status, 200)
    assert.equal((await front().call(anna.token, 'GET /user/instances')).status, 401)
    assert.equal((await front().call(ben.token, 'GET /user/instances')).status, 200)
    for (const table of ['user_service_instances', 'api_tokens', 'user_settings', 'user_identities'])
      assert.deepEqual(await front().database.query(`select 1 from ${table} where user_id = $1`, [anna.id]), []) // prettier-ignore
    assert.equal(errorOf(await admin(`DELETE /admin/users/${anna.id}`)).code, 'user_unknown')
    const again = await admin('POST /admin/users', { email: anna.email })
    assert.equal(again.status, 201, 'the email is free again')
  })

  it('have no more instances than they may, however many keys are entered at once', async () => {
    const { id, token } = await front().newUser()
    await admin(`PATCH /admin/users/${id}`, { maxInstances: 1 })
    const answers = await Promise.all(['widgets', 'echo', 'forms'].map((service) => enter(token, service))) // prettier-ignore
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 403, 403])
    assert.ok(answers.some((answer) => answer.status === 403 && errorOf(answer).code === 'instance_limit')) // prettier-ignore
    const { body } = await front().call(token, 'GET /user/instances')
    const [only] = (body as { instances: { serviceType: string }[] }).instances
    assert.equal((await enter(token, only!.serviceType)).status, 200, 'the key of the one is replaced') // prettier-ignore
    await admin(`PATCH /admin/users/${id}`, { maxInstances: null })
    assert.equal((await enter(token, only!.serviceType === 'echo' ? 'widgets' : 'echo')).status, 201) // prettier-ignore
  })

  it('close an instance for a while, and open it again', async () => {
    const user = await front().newUser()
    const { path } = await front().newInstance(user, 'widgets', 'k')
    const turn = (to: string) => front().call(user.token, `POST /services/widgets/instance/${to}`)
    assert.equal((await send(front().url, path)).status, 200)
    assert.equal((await turn('pause')).status, 200)
    assert.equal((await send(front().url, path)).status, 404)
    assert.equal((await turn('resume')).status, 200)
    assert.equal((await send(front().url, path)).status, 200)
  })

  it('are listed page by page, each once; a cursor of another list is refused', async () => {
    const ids = Array.from({ length: 405 }, () => randomUUID())
    await front().database.query(
      `insert into users (id, email) select id, id || '@pages.test' from unnest($1::uuid[]) as id`,
      [ids],
    )
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`
      const { body } = await admin(`GET /admin/users${query}`)
      const page = body as { users: { id: string }[]; nextCursor: string | null }
      seen.push(...page.users.map(({ id }) => id))
      cursor = page.nextCursor
    }
    assert.equal(new Set(seen).size, seen.length)
    assert.ok(ids.every((id) => seen.includes(id)))
    for (const list of ['users', 'tokens', 'instances/all'])
      assert.equal(errorOf(await admin(`GET /admin/${list}?cursor=bm9uc2Vuc2U`)).status, 422, list)
    await front().database.query('delete from users where id = any($1::uuid[])', [ids])
  })
})

onEveryDatabase('a table of users that belongs to another program', (database) => {
  before(async () => {
    await database().script(
      `create table users (id uuid primary key default gen_random_uuid(), email text not null, full_name text not null)`,
    )
    await migrateDatabase(database(), MIGRATIONS)
  })

  it('says which column it wants, and keeps its rows when a user is removed', async () => {
    await assert.rejects(insertUser(database(), 'a@example.com'), { code: 'users_adopted', message: /"full_name"/ }) // prettier-ignore
    await database().query(`insert into users (email, full_name) values ('b@example.com', 'B')`)
    const user = await findUserByEmail(database(), 'b@example.com')
    assert.ok(user)
    const row = [`wid_user_00000000_${randomBytes(3).toString('hex')}`, user.id, Buffer.alloc(32)]
    await database().query(
      `insert into user_service_instances (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
       values ($1, $2, 'widgets', 'v1.k.n.c', $3, 'v1.k.n.c')`,
      row,
    )
    assert.deepEqual(await removeUser(database(), user.id), [row[0]])
    assert.ok(await findUserByEmail(database(), 'b@example.com'))
  })
})

describe('wrong tokens', () => {
  it('are 429 when too many come from one address, until a minute is over', () => {
    let now = 1_000
    const judge = createFailureLimit(() => now)
    const wrong = new AppError('unauthorized', 'no')
    const codeFrom = (address: string) => (judge(address, wrong) as AppError).code
    for (let n = 0; n < 60; n++) assert.equal(codeFrom('10.0.0.1'), 'unauthorized')
    assert.equal(codeFrom('10.0.0.1'), 'too_many_requests')
    assert.equal(codeFrom('10.0.0.2'), 'unauthorized')
    for (let n = 0; n < 60; n++) codeFrom(`2001:db8:1:2::${n.toString(16)}`)
    assert.equal(codeFrom('2001:db8:1:2:ffff::1'), 'too_many_requests')
    assert.equal(codeFrom('2001:db8:1:3::1'), 'unauthorized')
    now += 60_000
    assert.equal(codeFrom('10.0.0.1'), 'unauthorized')
  })
})
