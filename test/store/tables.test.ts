import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { countRealInstances } from '../../src/store/instance-overview.ts'
import * as instances from '../../src/store/instances.ts'
import type { VaultKeyState } from '../../src/model/keys.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import * as tokens from '../../src/store/tokens.ts'
import * as users from '../../src/store/users.ts'
import * as vaultKeys from '../../src/store/vault-keys.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { UNCHECKED } from '../support/services.ts'

const hex = (bytes: number) => randomBytes(bytes).toString('hex')
const HOUR_MS = 3_600_000

onEveryDatabase('the tables', (database) => {
  before(() => migrateDatabase(database(), MIGRATIONS))
  beforeEach(() => database().script('truncate users, api_tokens, vault_keys cascade'))

  const newUser = () => users.insertUser(database(), `${hex(6)}@example.com`)
  const newInstance = (userId: string, over: Partial<instances.NewInstance> = {}) => ({
    handle: `wid_user_${hex(4)}_${hex(3)}`,
    userId,
    service: 'widgets',
    sealedCredentials: `v1.${hex(8)}`,
    secretHash: randomBytes(32),
    sealedSecret: `v1.${hex(8)}`,
    sandbox: false,
    check: UNCHECKED,
    ...over,
  })
  const insert = async (userId: string, over: Partial<instances.NewInstance> = {}) => {
    const inserted = await instances.insertInstance(database(), newInstance(userId, over))
    assert.ok(inserted)
    return inserted
  }

  it('find a user by the exact email and refuse a second one with it', async () => {
    const anna = await users.insertUser(database(), "anna.o'neil@example.com")
    assert.deepEqual(await users.findUserByEmail(database(), anna.email), anna)
    assert.equal(await users.findUserByEmail(database(), 'anna%'), undefined)
    await assert.rejects(users.insertUser(database(), anna.email), { code: 'email_taken' })
    assert.deepEqual(await users.listUsers(database(), { limit: 10 }), [anna])
  })

  it('list users by email, up to a limit', async () => {
    for (const name of ['c', 'a', 'b']) await users.insertUser(database(), `${name}@example.com`)
    const listed = await users.listUsers(database(), { limit: 2 })
    assert.deepEqual(listed.map(({ email }) => email), ['a@example.com', 'b@example.com']) // prettier-ignore
  })

  const newToken = async (userId: string, expiresInMs?: number) => {
    const hash = randomBytes(32)
    const expiresAt = expiresInMs === undefined ? undefined : new Date(Date.now() + expiresInMs)
    const token = { userId, hash, scopes: ['instances', 'read'], expiresAt }
    return { hash, row: await tokens.insertToken(database(), token) }
  }

  it('find a token by its hash while it is neither expired nor revoked', async () => {
    const { id } = await newUser()
    const forever = await newToken(id)
    const today = await newToken(id, HOUR_MS)
    const expired = await newToken(id, -HOUR_MS)
    const live = (hash: Buffer) => tokens.findLiveToken(database(), hash)
    assert.deepEqual(await live(forever.hash), { ...forever.row, role: 'user' })
    assert.deepEqual(await live(today.hash), { ...today.row, role: 'user' })
    assert.deepEqual(today.row.scopes, ['instances', 'read'])
    assert.equal(await live(expired.hash), undefined)
    assert.equal(await live(randomBytes(32)), undefined)
    assert.equal(await tokens.revokeToken(database(), today.row.id), true)
    assert.equal(await live(today.hash), undefined)
    assert.deepEqual(await live(forever.hash), { ...forever.row, role: 'user' })
    assert.equal(await tokens.revokeToken(database(), today.row.id), false)
    assert.equal(await tokens.revokeToken(database(), randomUUID()), false)
  })

  /** The clock of the embedded database has milliseconds only: makes what is there older than what comes. */
  const newTokenLater = async (userId: string, expiresInMs?: number) => {
    await database().script(`update api_tokens set created_at = created_at - interval '1 minute'`)
    return newToken(userId, expiresInMs)
  }

  it('list the live tokens of one user or of all, newest first, up to a limit', async () => {
    const [anna, ben] = [await newUser(), await newUser()]
    const [first, second] = [await newTokenLater(anna.id), await newTokenLater(anna.id, HOUR_MS)]
    const bens = await newTokenLater(ben.id)
    const revoked = await newToken(anna.id)
    await tokens.revokeToken(database(), revoked.row.id)
    await newToken(anna.id, -HOUR_MS)
    const list = async (limit: number, userId?: string) => {
      const listed = await tokens.listTokens(database(), { userId, limit })
      return listed.map(({ id }) => id)
    }
    assert.deepEqual(await list(10, anna.id), [second.row.id, first.row.id])
    assert.deepEqual(await list(10), [bens.row.id, second.row.id, first.row.id])
    assert.deepEqual(await list(1), [bens.row.id])
  })

  it('keep an instance with all that belongs to it', async () => {
    const { id } = await newUser()
    const wanted = newInstance(id)
    const inserted = await instances.insertInstance(database(), wanted)
    const { sandbox: _sandbox, check, ...rest } = wanted
    const stored = { ...rest, ...check }
    assert.ok(inserted?.createdAt instanceof Date && inserted.updatedAt instanceof Date)
    const { createdAt, updatedAt } = inserted
    assert.deepEqual(inserted, { ...stored, isActive: true, createdAt, updatedAt, lastUsedAt: null, accessExpiresAt: null }) // prettier-ignore
    const { handle, service, sealedCredentials, secretHash, verification } = inserted
    assert.deepEqual(
      await instances.findClaimedInstance(database(), { handle, userId: id }),
      { handle, userId: id, service, sealedCredentials, secretHash, isActive: true, verification, accessExpiresAt: null },
    ) // prettier-ignore
    const owner = { userId: id, service: 'widgets' }
    assert.deepEqual(await instances.findInstanceOf(database(), owner), inserted)
    assert.equal(
      await instances.findClaimedInstance(database(), { handle: 'wid_user_none', userId: id }),
      undefined,
    )
  })

  it('give an active instance to who knows service and secret, and nothing to anybody else', async () => {
    const { id } = await newUser()
    const { handle, secretHash } = await insert(id)
    const claim = { handle, service: 'widgets', secretHash }
    const find = (over: object) => instances.findClaimedInstance(database(), { ...claim, ...over })
    assert.equal((await find({}))?.userId, id)
    for (const wrong of [{ secretHash: randomBytes(32) }, { service: 'gadgets' }, { handle: 'x' }])
      assert.equal(await find(wrong), undefined)
    const stranger = { handle, userId: randomUUID() }
    assert.equal(await instances.findClaimedInstance(database(), stranger), undefined)
    await database().script('update user_service_instances set is_active = false')
    assert.equal(await find({}), undefined)
  })

  it('refuse a handle that is taken and a second instance of the same user and service', async () => {
    const [anna, ben] = [await newUser(), await newUser()]
    const { handle } = await insert(anna.id)
    const tryInsert = (userId: string, over: object) =>
      instances.insertInstance(database(), newInstance(userId, over))
    assert.equal(await tryInsert(ben.id, { handle }), undefined)
    assert.equal(await tryInsert(anna.id, {}), undefined)
    assert.ok(await tryInsert(anna.id, { service: 'gadgets' }))
    await assert.rejects(tryInsert(randomUUID(), {}), { code: '23503' })
    assert.equal(
      (await instances.findClaimedInstance(database(), { handle, userId: anna.id }))?.userId,
      anna.id,
    )
  })

  it("list, replace and delete one user's instances and leave another's alone", async () => {
    const [anna, ben] = [await newUser(), await newUser()]
    const [widgets, gadgets] = [await insert(anna.id), await insert(anna.id, { service: 'gadgets' })] // prettier-ignore
    const bens = await insert(ben.id)
    assert.deepEqual(await instances.listInstancesOf(database(), anna.id), [gadgets, widgets])
    const { handle } = widgets
    await database().script(
      `update user_service_instances set is_active = false, updated_at = '2020-01-01Z'`,
    )
    const rekeyed = await instances.replaceCredentials(database(), { handle, sealedCredentials: 'v1.new', check: UNCHECKED }) // prettier-ignore
    assert.equal(rekeyed?.sealedCredentials, 'v1.new')
    assert.equal(rekeyed.isActive, true)
    assert.ok(rekeyed.updatedAt >= widgets.updatedAt)
    const secret = { secretHash: randomBytes(32), sealedSecret: 'v1.other' }
    const rotated = await instances.replaceSecret(database(), { handle, ...secret })
    assert.deepEqual(rotated, { ...rekeyed, ...secret, updatedAt: rotated?.updatedAt })
    const owner = { userId: anna.id, service: 'widgets' }
    assert.equal(await instances.deleteInstance(database(), owner), handle)
    assert.equal(await instances.deleteInstance(database(), owner), undefined)
    assert.equal(await instances.replaceCredentials(database(), { handle, sealedCredentials: '', check: UNCHECKED }), undefined) // prettier-ignore
    assert.equal(await instances.replaceSecret(database(), { handle, ...secret }), undefined)
    const left = await instances.findInstanceOf(database(), { userId: ben.id, service: 'widgets' })
    assert.deepEqual(left, { ...bens, isActive: false, updatedAt: new Date('2020-01-01') })
  })

  it('count the instances that hold keys of the real world', async () => {
    const [anna, ben] = [await newUser(), await newUser()]
    await insert(anna.id, { sandbox: true })
    await insert(anna.id, { service: 'echo' })
    assert.equal(await countRealInstances(database()), 0)
    await insert(ben.id)
    assert.equal(await countRealInstances(database()), 1)
  })

  it('keep one key that seals and one that waits, and make the one that waits seal', async () => {
    const keyOf = (kid: string, state: VaultKeyState) => ({ kid, checkValue: `of ${kid}`, state }) // prettier-ignore
    await vaultKeys.insertVaultKey(database(), keyOf('k1', 'active'))
    await vaultKeys.insertVaultKey(database(), keyOf('k2', 'pending'))
    for (const state of ['active', 'pending'] as const)
      await assert.rejects(vaultKeys.insertVaultKey(database(), keyOf('k3', state)))
    await vaultKeys.activateVaultKey(database(), 'k2')
    await vaultKeys.markKeyRemoved(database(), 'k1')
    const keys = [keyOf('k1', 'removed'), keyOf('k2', 'active')]
    // The clock of the embedded database may give both the same time.
    for (const listed of [await vaultKeys.listVaultKeys(database()), await vaultKeys.listKeysOfAnySchema(database())])
      assert.deepEqual(listed.toSorted((a, b) => (a.kid < b.kid ? -1 : 1)), keys) // prettier-ignore
  })

  it('refuse what a removed key has sealed', async () => {
    const { id } = await newUser()
    await vaultKeys.insertVaultKey(database(), { kid: 'kgone', checkValue: '', state: 'removed' })
    const refused = { code: 'BK001' }
    await assert.rejects(insert(id, { sealedSecret: 'v1.kgone.n.c' }), refused)
    const { handle } = await insert(id)
    const change = { handle, sealedCredentials: 'v1.kgone.n.c', check: UNCHECKED }
    await assert.rejects(instances.replaceCredentials(database(), change), refused) // prettier-ignore
  })
})
