import assert from 'node:assert/strict'
import { onEveryDatabase } from '../support/databases.ts'
import { errorOf } from '../support/http.ts'
import { CLIENT } from '../support/provider.ts'
import { makeSignInWorld, type SignInWorld } from '../support/sign-in-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

type Row = {
  sealedOauth: string | null
  accessExpiresAt: Date | null
  refreshAt: Date | null
  verification: string
}

onEveryDatabase('renewing access tokens', (database) => {
  const folder = useTempFolder()
  let world: SignInWorld
  before(async () => {
    world = await makeSignInWorld(folder(), database())
  })
  after(() => world.stop())

  const rowOf = async (handle: string): Promise<Row> => {
    const [row] = await database().query<Row>(
      `select sealed_oauth as "sealedOauth", access_expires_at as "accessExpiresAt", refresh_at as "refreshAt", verification
       from user_service_instances where instance_id = $1`,
      [handle],
    )
    assert.ok(row)
    return row
  }
  /** Its access token has ended, as far as Berth knows; the gateway reads it anew. */
  const expire = async (handle: string) => {
    await database().query(
      `update user_service_instances set access_expires_at = now(), refresh_at = now(), encrypted_api_key = encrypted_api_key
       where instance_id = $1`,
      [handle],
    )
    world.forget(handle)
  }
  const signedIn = async () => {
    const user = await world.newUser()
    return { user, ...(await world.signIn(user)) }
  }
  const lastToken = () => world.provider.seen.api.at(-1) ?? ''

  it('begin before the token ends: in the last quarter, ten minutes ahead at most', async () => {
    const { instanceId } = await signedIn()
    const { accessExpiresAt, refreshAt } = await rowOf(instanceId)
    const life = ((accessExpiresAt?.getTime() ?? 0) - Date.now()) / 1_000
    assert.ok(life > 3_500 && life <= 3_600)
    assert.equal((accessExpiresAt?.getTime() ?? 0) - (refreshAt?.getTime() ?? 0), 600_000)
  })

  it('is done once for eight requests at once, and all of them are answered with the new token', async () => {
    const { instanceId, instanceUrl } = await signedIn()
    const old = lastToken()
    await expire(instanceId)
    const before = world.provider.refreshes()
    const answers = await Promise.all(Array.from({ length: 8 }, () => world.callTool(instanceUrl)))
    assert.deepEqual(answers.map(({ status }) => status), Array(8).fill(200)) // prettier-ignore
    assert.equal(world.provider.refreshes(), before + 1)
    const used = world.provider.seen.api.slice(-8)
    assert.equal(new Set(used).size, 1)
    assert.notEqual(used[0], old)
    assert.equal((await world.callTool(instanceUrl)).status, 200)
    assert.equal(world.provider.refreshes(), before + 1)
  })

  it('goes on and on with a refresh token that rotates', async () => {
    const { instanceId, instanceUrl } = await signedIn()
    const sealed = new Set<string | null>()
    for (let round = 0; round < 4; round++) {
      await expire(instanceId)
      assert.equal((await world.callTool(instanceUrl)).status, 200)
      sealed.add((await rowOf(instanceId)).sealedOauth)
    }
    assert.equal(sealed.size, 4)
  })

  it('is done by schedule, also for what nobody uses', async () => {
    const { instanceId } = await signedIn()
    await expire(instanceId)
    const before = world.provider.refreshes()
    await Promise.all([world.renewals.sweep(), world.renewals.sweep()])
    await world.renewals.sweep()
    assert.equal(world.provider.refreshes(), before + 1)
    assert.ok((await rowOf(instanceId)).accessExpiresAt)
  })

  it('ends when the access was withdrawn: the tools say how to sign in again, and so do log and event', async () => {
    const { user, instanceId, instanceUrl } = await signedIn()
    await world.callTool(instanceUrl)
    await world.provider.revoke(lastToken())
    await expire(instanceId)
    const told = await world.callTool(instanceUrl)
    assert.equal(told.status, 200)
    const { isError, content } = told.body as { isError: boolean; content: [{ text: string }] }
    assert.equal(isError, true)
    assert.match(content[0].text, /signs in again at POST http.*\/services\/widgets\/oauth\/start/)
    assert.deepEqual(await rowOf(instanceId), { sealedOauth: null, accessExpiresAt: null, refreshAt: null, verification: 'invalid' }) // prettier-ignore
    const { type, instanceId: about } = world.events.at(-1) ?? {}
    assert.deepEqual([type, about], ['oauth.revoked', instanceId])
    const [entry] = await world.audit.list({ target: instanceId, limit: 1 })
    assert.deepEqual([entry?.actor, entry?.action], ['system', 'oauth.revoked'])
    const before = world.provider.seen.refused.length
    await world.callTool(instanceUrl)
    await world.renewals.sweep()
    assert.equal(world.provider.seen.refused.length, before, 'nobody is asked again')
    const again = await world.signIn(user)
    assert.equal(again.instanceUrl, instanceUrl)
    assert.match((await world.callTool(instanceUrl)).text, /"login":"anna"/)
  })

  it('refuses with 503 while the provider gives none, tells when to come back, and does not ask it each time', async () => {
    const { instanceId, instanceUrl } = await signedIn()
    await world.admin('PUT /admin/oauth/clients/widgets', { clientId: CLIENT.id, clientSecret: 'wrong' }) // prettier-ignore
    await expire(instanceId)
    const before = world.provider.seen.refused.length
    const answers = await Promise.all(Array.from({ length: 4 }, () => world.callTool(instanceUrl)))
    for (const answer of answers) {
      assert.equal(errorOf(answer).code, 'oauth_unavailable')
      assert.ok(Number(answer.headers['retry-after']) >= 1)
      assert.equal(answer.status, 503)
    }
    assert.equal(world.provider.seen.refused.length, before + 1)
    await world.callTool(instanceUrl)
    assert.equal(world.provider.seen.refused.length, before + 1)
    await world.admin('PUT /admin/oauth/clients/widgets', { clientId: CLIENT.id, clientSecret: CLIENT.secret }) // prettier-ignore
    await expire(instanceId)
    assert.equal((await world.callTool(instanceUrl)).status, 200)
  })

  it('is tried when the API refuses a token before its time', async () => {
    const { user, instanceUrl } = await signedIn()
    const before = world.provider.refreshes()
    await world.provider.forget(lastToken())
    const asked = await world.as(user)('POST /services/widgets/instance/verify')
    assert.equal((asked.body as { verification: string }).verification, 'valid')
    assert.equal(world.provider.refreshes(), before + 1)
    assert.match((await world.callTool(instanceUrl)).text, /"login":"anna"/)
  })

  it('follows a call that the API refused, by schedule, without anybody asking', async () => {
    const { instanceId, instanceUrl } = await signedIn()
    const due = async () => {
      const rows = await database().query(
        'select 1 from user_service_instances where instance_id = $1 and check_at <= now()',
        [instanceId],
      )
      return rows.length > 0
    }
    await world.callTool(instanceUrl)
    assert.equal(await due(), false)
    await world.provider.forget(lastToken())
    const refused = await world.callTool(instanceUrl)
    assert.match(refused.text, /answered 401/)
    await waitUntil('it is to be checked', due)
    await world.checks.rechecks.sweep()
    assert.match((await world.callTool(instanceUrl)).text, /"login":"anna"/)
    assert.equal((await rowOf(instanceId)).verification, 'valid')
  })

  it('leaves alone what its user entered meanwhile', async () => {
    const { user, instanceId, instanceUrl } = await signedIn()
    const other = await world.signIn(await world.newUser())
    await world.callTool(other.instanceUrl)
    const apiKey = lastToken()
    await expire(instanceId)
    const open = world.provider.hold()
    const waiting = world.callTool(instanceUrl)
    await world.provider.arrived()
    await world.as(user)('POST /services/widgets/authenticate', { apiKey })
    open()
    await waiting
    await world.callTool(instanceUrl)
    assert.equal(lastToken(), apiKey)
    assert.equal((await rowOf(instanceId)).sealedOauth, null)
  })

  it('waits for a lease that somebody else has, and takes it when its holder is gone', async () => {
    const { instanceId, instanceUrl } = await signedIn()
    await expire(instanceId)
    const lease = (until: string) =>
      database().query(
        `update user_service_instances set refresh_lease = gen_random_uuid(), refresh_lease_until = ${until} where instance_id = $1`,
        [instanceId],
      )
    await lease(`now() + interval '1 minute'`)
    const before = world.provider.refreshes()
    const waiting = world.callTool(instanceUrl)
    await world.renewals.sweep()
    assert.equal(world.provider.refreshes(), before)
    await lease('now()')
    assert.equal((await waiting).status, 200)
    assert.equal(world.provider.refreshes(), before + 1)
  })
})
