import assert from 'node:assert/strict'
import { createKeyOperations } from '../../src/compose/keys/operations.ts'
import { onEveryDatabase } from '../support/databases.ts'
import { CLIENT } from '../support/provider.ts'
import { makeSignInWorld } from '../support/sign-in-world.ts'
import { useTempFolder } from '../support/temp-folder.ts'

onEveryDatabase('what belongs to sign-ins', (database) => {
  const folder = useTempFolder()

  /** Every row of every table as text. */
  const dump = async (): Promise<string> => {
    const tables = await database().query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public'`,
    )
    const texts = []
    for (const { name } of tables)
      texts.push(...(await database().query<{ line: string }>(`select t::text as line from ${name} t`))) // prettier-ignore
    return texts.map(({ line }) => line).join('\n')
  }
  const kids = async (): Promise<string[]> => {
    const rows = await database().query<{ sealed: string }>(
      `select sealed_oauth as sealed from user_service_instances where sealed_oauth is not null
       union all select sealed_client_secret from oauth_clients
       union all select sealed_login from oauth_logins where sealed_login is not null`,
    )
    return rows.map(({ sealed }) => sealed.split('.')[1] ?? '')
  }

  it('is in no row in the clear, and is sealed again by a new key while it goes on working', async () => {
    const world = await makeSignInWorld(folder(), database())
    const user = await world.newUser()
    const { instanceId, instanceUrl } = await world.signIn(user)
    const waiting = await world.approve(await world.newUser())
    const { config, vault, audit, provider } = world
    const text = await dump()
    const state = waiting.searchParams.get('state') ?? ''
    const code = waiting.searchParams.get('code') ?? ''
    const secrets = [CLIENT.secret, state, code, provider.seen.api.at(-1) ?? '', ...provider.seen.refreshTokens] // prettier-ignore
    assert.ok(secrets.length >= 5 && secrets.every((secret) => secret.length >= 40))
    for (const secret of secrets) {
      const bytes = Buffer.from(secret)
      for (const form of [
        secret,
        bytes.toString('hex'),
        bytes.toString('base64'),
        bytes.toString('base64url'),
      ])
        // prettier-ignore
        assert.equal(text.includes(form), false)
    }
    const before = await kids()
    assert.equal(before.length, 3)
    const operations = createKeyOperations({ config, database: database(), vault, recordAudit: audit.record }) // prettier-ignore
    const by = { actor: 'berth', from: 'local' }
    const { kid, unreadable } = await operations.rotate({ by, onProgress: () => undefined })
    assert.equal(unreadable, 0)
    assert.deepEqual(await kids(), [kid, kid, kid])
    assert.ok(!before.includes(kid))
    assert.equal((await world.open(waiting)).status, 200)
    await database().query('update user_service_instances set access_expires_at = now() where instance_id = $1', [instanceId]) // prettier-ignore
    world.forget(instanceId)
    assert.match((await world.callTool(instanceUrl)).text, /"login":"anna"/)
    await world.stop()
  })
})
