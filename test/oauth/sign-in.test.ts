import assert from 'node:assert/strict'
import { onEveryDatabase } from '../support/databases.ts'
import { errorOf } from '../support/http.ts'
import { CLIENT } from '../support/provider.ts'
import { makeSignInWorld, type SignInUser, type SignInWorld } from '../support/sign-in-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'

onEveryDatabase('signing in to a service', (database) => {
  const folder = useTempFolder()
  let world: SignInWorld
  before(async () => {
    world = await makeSignInWorld(folder(), database())
  })
  after(() => world.stop())
  beforeEach(() => {
    world.provider.user.denies = false
  })

  const stateOf = async (user: SignInUser) => {
    const { body } = await world.as(user)('GET /services/widgets/oauth')
    return (body as { state: string }).state
  }
  const instancesOf = async (user: SignInUser) => {
    const { body } = await world.as(user)('GET /user/instances')
    return (body as { instances: unknown[] }).instances
  }

  it('ends with an instance whose tools work', async () => {
    const user = await world.newUser()
    assert.equal(await stateOf(user), 'none')
    const back = await world.approve(user)
    assert.equal(await stateOf(user), 'waiting')
    assert.ok(back.searchParams.get('iss'), 'the provider names itself (RFC 9207)')
    const page = await world.open(back)
    assert.equal(page.status, 200)
    assert.match(page.text, /Widgets is connected/)
    assert.ok(page.text.includes(user.email), 'it says whose account it is about')
    assert.equal(await stateOf(user), 'done')
    const { body } = await world.as(user)('GET /services/widgets/instance')
    const instance = body as { instanceUrl: string; verification: string; account: string }
    assert.deepEqual([instance.verification, instance.account], ['valid', 'anna'])
    const called = await world.callTool(instance.instanceUrl)
    assert.deepEqual(called.body, { ...(called.body as object), structuredContent: { login: 'anna' } }) // prettier-ignore
  })

  it('sends the browser out with PKCE, a state and the scopes, and says in the log who came back', async () => {
    const user = await world.newUser()
    const { body } = await world.as(user)('POST /services/widgets/oauth/start', {})
    const { authorizationUrl, expiresAt } = body as { authorizationUrl: string; expiresAt: string }
    const { origin, pathname, searchParams } = new URL(authorizationUrl)
    assert.equal(`${origin}${pathname}`, `${world.provider.url}/widgets/auth`)
    const { state, code_challenge: challenge, ...rest } = Object.fromEntries(searchParams)
    assert.deepEqual(rest, {
      prompt: 'consent',
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${world.baseUrl}/oauth/callback`,
      scope: 'openid offline_access items:read',
      code_challenge_method: 'S256',
    })
    assert.match(`${state ?? ''} ${challenge ?? ''}`, /^[\w-]{43} [\w-]{43}$/)
    const minutes = (new Date(expiresAt).getTime() - Date.now()) / 60_000
    assert.ok(minutes > 9 && minutes < 11)
    const { instanceId } = await world.signIn(user)
    const [entry] = await world.audit.list({ target: instanceId, limit: 1 })
    assert.deepEqual([entry?.actor, entry?.action], [`user:${user.id}`, 'oauth.sign-in'])
  })

  it('keeps the URL of an instance, and takes the place of a key', async () => {
    const user = await world.newUser()
    const first = await world.signIn(user)
    const again = await world.signIn(user)
    assert.equal(again.instanceUrl, first.instanceUrl)
    const used = world.provider.seen.api.length
    assert.equal((await world.callTool(again.instanceUrl)).status, 200)
    assert.notEqual(world.provider.seen.api[used], world.provider.seen.api[used - 2])
    const apiKey = world.provider.seen.api[used] ?? ''
    await world.as(user)('POST /services/widgets/authenticate', { apiKey })
    const [row] = await database().query<{ left: unknown }>(
      'select coalesce(sealed_oauth, access_expires_at::text, refresh_at::text) as left from user_service_instances where user_id = $1',
      [user.id],
    )
    assert.equal(row?.left, null)
  })

  it('works with the user’s own client', async () => {
    const user = await world.newUser()
    await world.admin('DELETE /admin/oauth/clients/widgets')
    const refused = await world.as(user)('POST /services/widgets/oauth/start', {})
    assert.equal(errorOf(refused).code, 'oauth_not_offered')
    const own = { client_id: CLIENT.id, client_secret: CLIENT.secret }
    assert.equal((await world.open(await world.approve(user, own))).status, 200)
    await world.admin('PUT /admin/oauth/clients/widgets', { clientId: CLIENT.id, clientSecret: CLIENT.secret }) // prettier-ignore
  })

  it('is used once, even by eight at once', async () => {
    const user = await world.newUser()
    const back = await world.approve(user)
    const before = world.provider.seen.grants.length
    const pages = await Promise.all(Array.from({ length: 8 }, () => world.open(back)))
    assert.deepEqual(pages.map(({ status }) => status).sort(), [200, ...Array<number>(7).fill(400)])
    assert.equal(world.provider.seen.grants.length, before + 1)
    assert.match((await world.open(back)).text, /was used already/)
    assert.equal((await instancesOf(user)).length, 1)
  })

  it('stores nothing when the user denies it', async () => {
    const user = await world.newUser()
    world.provider.user.denies = true
    const page = await world.open(await world.approve(user))
    assert.equal(page.status, 400)
    assert.match(page.text, /not granted/)
    assert.equal(await stateOf(user), 'denied')
    assert.deepEqual(await instancesOf(user), [])
  })

  it('stores nothing after its time, with another state, or with the answer of another provider', async () => {
    const [late, confused, forged] = [await world.newUser(), await world.newUser(), await world.newUser()] // prettier-ignore
    const back = await world.approve(late)
    await database().query('update oauth_logins set expires_at = now() where user_id = $1', [late.id]) // prettier-ignore
    assert.match((await world.open(back)).text, /took too long/)
    const mixed = await world.approve(confused)
    mixed.searchParams.set('iss', 'https://login.evil.test')
    const before = world.provider.seen.grants.length
    assert.match((await world.open(mixed)).text, /came from somewhere else/)
    const wrong = await world.approve(forged)
    const right = wrong.searchParams.get('state') ?? ''
    for (const state of ['', 'x', `${right.slice(1)}A`, `${right}A`])
      assert.match((await world.open(new URL(wrong.href.replace(right, state)))).text, /no such sign-in/) // prettier-ignore
    const twice = new URL(`${wrong.href}&state=${right}`)
    assert.match((await world.open(twice)).text, /no such sign-in/)
    assert.equal(world.provider.seen.grants.length, before, 'no code went anywhere')
    for (const user of [late, confused, forged]) assert.deepEqual(await instancesOf(user), [])
  })

  it('stores nothing with a code that is wrong, or of another user’s sign-in', async () => {
    const [anna, ben] = [await world.newUser(), await world.newUser()]
    const [hers, his] = [await world.approve(anna), await world.approve(ben)]
    // His code under her state: the verifier is hers, so the provider refuses it (RFC 7636).
    hers.searchParams.set('code', his.searchParams.get('code') ?? '')
    const page = await world.open(hers)
    assert.equal(page.status, 400)
    assert.match(page.text, /invalid_grant/)
    assert.equal(await stateOf(anna), 'failed')
    assert.deepEqual([await instancesOf(anna), await instancesOf(ben)], [[], []])
  })

  it('ends when its user begins another, or is removed', async () => {
    const user = await world.newUser()
    const first = await world.approve(user)
    await world.approve(user)
    assert.match((await world.open(first)).text, /no such sign-in/)
    const second = await world.approve(user)
    await world.admin(`DELETE /admin/users/${user.id}`)
    assert.match((await world.open(second)).text, /no such sign-in/)
  })

  it('shows a page that runs nothing, names nothing secret and takes words as words', async () => {
    const user = await world.newUser()
    const back = await world.approve(user)
    back.searchParams.set('error', '<script>alert(1)</script>')
    back.searchParams.set('error_description', 'call 0800 4711')
    const page = await world.open(back)
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
    assert.match(String(page.headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/) // prettier-ignore
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.doesNotMatch(page.text, /<script|4711/)
    const done = await world.open(await world.approve(user))
    const { body } = await world.as(user)('GET /services/widgets/instance')
    const secret = /_([0-9A-Za-z]+)\//.exec(new URL((body as { instanceUrl: string }).instanceUrl).pathname)?.[1] ?? '' // prettier-ignore
    assert.ok(secret.length === 22 && !done.text.includes(secret))
  })

  it('is refused where a service has no sign-in, and for those who may not', async () => {
    const user = await world.newUser()
    const none = await world.as(user)('POST /services/keys/oauth/start', {})
    assert.equal(errorOf(none).code, 'oauth_not_offered')
    const unknown = await world.as(user)('POST /services/nothing/oauth/start', {})
    assert.equal(errorOf(unknown).code, 'service_unknown')
    const wrong = { credentials: { access_token: 'x' } }
    const invalid = await world.as(user)('POST /services/widgets/oauth/start', wrong)
    assert.equal(errorOf(invalid).code, 'credentials_invalid')
    const list = await world.as(user)('GET /admin/oauth/clients')
    assert.equal(errorOf(list).code, 'forbidden')
    const { body } = await world.admin('GET /admin/oauth/clients')
    assert.doesNotMatch(JSON.stringify(body), new RegExp(CLIENT.secret))
    assert.match(JSON.stringify(body), /"hasSecret":true/)
  })
})
