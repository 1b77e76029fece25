import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditReads } from '../../../src/compose/keys/audited-vault.ts'
import { readConfig, type Config } from '../../../src/base/config.ts'
import { prepareHome } from '../../../src/base/home.ts'
import { createKeyOperations } from '../../../src/compose/keys/operations.ts'
import { composeAccounts, prepareDatabase } from '../../../src/compose/accounts/open.ts'
import { openAudit } from '../../../src/compose/accounts/audit.ts'
import type { OpenVault } from '../../../src/compose/keys/open-vault.ts'
import { listAudit } from '../../../src/store/audit.ts'
import type { Rotation } from '../../../src/model/keys.ts'
import type { Database } from '../../../src/store/database.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { onEveryDatabase } from '../../support/databases.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { UNCHECKED } from '../../support/services.ts'

const by = { actor: 'admin', from: 'local' }
const services = [makeService(), makeService({ name: 'gadgets' })]

onEveryDatabase('rotating the keys', (database) => {
  const folder = useTempFolder()
  const cleanUp = useCleanup()
  let config: Config
  beforeEach(async () => {
    await database().script('drop schema public cascade; create schema public')
    config = newHome()
  })

  const newHome = (): Config => {
    const made = readConfig({ BERTH_HOME: join(folder(), randomBytes(4).toString('hex')) })
    prepareHome(made.home, made.pm2Home)
    return made
  }
  /** A process with a vault; a lasting one hears of new keys by itself. */
  const start = async (of = config) => {
    const opened = await prepareDatabase(of, database(), 'test')
    cleanUp(() => opened.watch.stop())
    const recordAudit = await openAudit({ config: of, database: database(), vault: opened })
    const vault = auditReads(opened, recordAudit)
    const parts = { config: of, database: database(), vault }
    const onInstanceChange = () => undefined
    const accounts = composeAccounts({ ...parts, services: () => services, onInstanceChange })
    return { vault, accounts, keys: createKeyOperations({ ...parts, recordAudit }) }
  }
  type Process = Awaited<ReturnType<typeof start>>

  const fill = async ({ accounts }: Process, users: number) => {
    const made = []
    for (let index = 0; index < users; index++) {
      const { id: userId } = await accounts.addUser(`user${index}@example.com`)
      const apiKey = `key-of-${index}`
      const { instanceId } = await accounts.authenticate({ userId, service: 'widgets' }, { apiKey })
      made.push({ instanceId, apiKey, userId })
    }
    return made
  }
  const findInstance = async (source: Database, handle: string) => {
    const [row] = await source.query<Record<'handle' | 'userId' | 'service' | 'sealedCredentials' | 'sealedSecret', string>>(
      `select instance_id as handle, user_id as "userId", service_type as service,
         encrypted_api_key as "sealedCredentials", sealed_secret as "sealedSecret"
       from user_service_instances where instance_id = $1`,
      [handle],
    ) // prettier-ignore
    return row
  }
  const opened = async (vault: OpenVault, handle: string): Promise<string> => {
    const instance = await findInstance(database(), handle)
    assert.ok(instance)
    vault.open({ ...instance, column: 'sealed_secret' }, instance.sealedSecret)
    return vault.open({ ...instance, column: 'encrypted_api_key' }, instance.sealedCredentials)
  }
  const ringIn = (of = config) => JSON.parse(readFileSync(of.masterKeyFile, 'utf8')) as object

  it('seals every value again by a new key, and what each user entered stays', async () => {
    const process = await start()
    const made = await fill(process, 7)
    const seen: Rotation[] = []
    const rotation = await process.keys.rotate({
      by,
      onProgress: (progress) => seen.push(progress),
    })
    assert.deepEqual([rotation.phase, rotation.done, rotation.total], ['done', 14, 14])
    assert.deepEqual(Object.keys(ringIn()).at(-1), rotation.kid)
    for (const { instanceId, apiKey } of made) {
      assert.equal(await opened(process.vault, instanceId), JSON.stringify({ api_key: apiKey }))
      const row = await findInstance(database(), instanceId)
      for (const sealed of [row?.sealedCredentials, row?.sealedSecret])
        assert.equal(sealed?.split('.')[1], rotation.kid)
    }
    assert.ok(seen.some(({ phase }) => phase === 'sealing'))
    const [entry] = await listAudit(database(), { limit: 1 })
    assert.deepEqual([entry?.action, entry?.target], ['keys.rotate', rotation.kid])
  })

  it('lets no process seal by a key that another has not loaded', async () => {
    const first = await start()
    const second = await start() // does not look for new keys yet
    await fill(first, 1)
    const seen: Rotation[] = []
    const rotating = first.keys.rotate({ by, onProgress: (progress) => seen.push(progress) })
    await waitUntil('it waits', () => seen.some(({ phase }) => phase === 'waiting'))
    const before = second.vault.watch
    assert.match(seen.at(-1)?.waitingFor[0] ?? '', /^test \(pid \d+ on /)
    const states = (await first.keys.status()).keys.map(({ state }) => state)
    assert.deepEqual(states, ['active', 'pending'])
    await before.start()
    const { kid } = await rotating
    await second.vault.watch.refresh()
    const place = { handle: 'h', userId: 'u', service: 's', column: 'c' }
    assert.equal(second.vault.seal(place, 'x').split('.')[1], kid)
  })

  it('opens what a new key sealed even before it has heard of the key', async () => {
    const [first, second] = [await start(), await start()]
    const made = await fill(first, 1)
    const rotating = first.keys.rotate({ by })
    await waitUntil('the key waits', async () => (await first.keys.status()).keys.length === 2)
    await second.vault.watch.refresh()
    // Says that it has the key; it goes on sealing by the old one until it looks again.
    await waitUntil('it seals', async () => {
      const [, key] = (await first.keys.status()).keys
      return key?.state === 'active' && key.values === 2
    })
    assert.match(await opened(second.vault, made[0]!.instanceId), /key-of-0/)
    await second.vault.watch.refresh()
    await rotating
  })

  it('goes on where it was when it is begun again, with the same key', async () => {
    const process = await start()
    const made = await fill(process, 5)
    const { kid } = await process.keys.rotate({ by })
    // As a kill would leave it: some are sealed by the key before.
    const rows = await Promise.all(made.map(({ instanceId }) => findInstance(database(), instanceId))) // prettier-ignore
    const old = await start()
    const before = Object.keys(ringIn())[0] ?? ''
    await old.vault.watch.stop()
    const withOld = await sealedBy(before, rows[3]!)
    await database().query('update user_service_instances set encrypted_api_key = $2 where instance_id = $1', [rows[3]!.handle, withOld]) // prettier-ignore
    const again = await process.keys.rotate({ by })
    assert.equal(again.kid, kid)
    assert.equal(Object.keys(ringIn()).length, 2)
    const status = await process.keys.status()
    assert.deepEqual(status.keys.map(({ values }) => values), [0, 10]) // prettier-ignore
    assert.notEqual((await process.keys.rotate({ by })).kid, kid)
  })

  /** Sealed by a certain key of the ring. */
  const sealedBy = async (
    kid: string,
    row: { handle: string; userId: string; service: string },
  ) => {
    const { createVault } = await import('../../../src/vault/vault.ts')
    const { loadKeyRing } = await import('../../../src/vault/key-ring.ts')
    const { keys } = loadKeyRing(config.masterKeyFile, [kid])
    const vault = await createVault({ sealing: () => kid, find: (one) => keys.get(one) })
    return vault.seal({ ...row, column: 'encrypted_api_key' }, JSON.stringify({ api_key: 'again' }))
  }

  it('uses a key that was left in the ring by a rotation that ended before the database knew it', async () => {
    const process = await start()
    await fill(process, 1)
    const spare = { k0badcafe: randomBytes(32).toString('base64') }
    writeFileSync(config.masterKeyFile, JSON.stringify({ ...ringIn(), ...spare }))
    assert.equal((await process.keys.rotate({ by })).kid, 'k0badcafe')
    assert.equal(Object.keys(ringIn()).length, 2)
  })

  it('seals once when several rotate at the same time, while users change their keys', async () => {
    const [first, second] = [await start(), await start()]
    await first.vault.watch.start()
    await second.vault.watch.start()
    const made = await fill(first, 8)
    const changes = made.map(({ userId }) =>
      second.accounts.authenticate({ userId, service: 'widgets' }, { apiKey: 'changed' }),
    )
    const rotated = await Promise.all([first.keys.rotate({ by }), second.keys.rotate({ by })])
    await Promise.all(changes)
    assert.equal(rotated[0].kid, rotated[1].kid)
    for (const { instanceId } of made)
      assert.match(await opened(first.vault, instanceId), /changed/)
  })

  it('leaves a value that does not open as it is, and goes on with the others', async () => {
    const process = await start()
    const [broken, whole] = await fill(process, 2)
    const copy = (await findInstance(database(), whole!.instanceId))!.sealedCredentials
    await database().query('update user_service_instances set encrypted_api_key = $2 where instance_id = $1', [broken!.instanceId, copy]) // prettier-ignore
    const rotation = await process.keys.rotate({ by })
    assert.deepEqual([rotation.phase, rotation.unreadable, rotation.done], ['done', 1, 3])
    assert.equal((await findInstance(database(), broken!.instanceId))?.sealedCredentials, copy)
    assert.match(await opened(process.vault, whole!.instanceId), /key-of-1/)
    const action = 'credentials.unreadable'
    const entries = await waitUntil('it is noted', async () => {
      const found = await listAudit(database(), { action, limit: 10 })
      return found.length > 0 && found
    })
    assert.deepEqual(entries.map(({ target }) => target), [broken!.instanceId]) // prettier-ignore
    const [old] = (await process.keys.status()).keys
    assert.deepEqual([old?.values, old?.removable], [1, false])
    assert.notEqual((await process.keys.rotate({ by })).kid, rotation.kid)
  })

  it('takes an old key out only when nothing needs it, and refuses what it sealed from then on', async () => {
    const process = await start()
    const [only] = await fill(process, 1)
    const old = Object.keys(ringIn())[0] ?? ''
    await assert.rejects(process.keys.remove(old, by), { code: 'key_needed' })
    await assert.rejects(process.keys.remove('k00000000', by), { code: 'key_needed' })
    const row = (await findInstance(database(), only!.instanceId))!
    const late = await start()
    const rotating = process.keys.rotate({ by })
    await waitUntil('it waits for the other', async () => {
      await late.vault.watch.refresh()
      return (await process.keys.status()).keys.find(({ kid }) => kid === old)?.state === 'retired'
    })
    await late.vault.watch.refresh()
    await rotating
    await process.keys.remove(old, by)
    assert.ok(!(old in ringIn()))
    await process.keys.remove(old, by) // again changes nothing
    const back = { handle: row.handle, sealedCredentials: row.sealedCredentials, check: UNCHECKED }
    const { replaceCredentials } = await import('../../../src/store/instances.ts')
    await assert.rejects(replaceCredentials(database(), back), { code: 'BK001' })
    assert.match(await opened((await start()).vault, row.handle), /key-of-0/)
  })

  it('does not start with a ring that lacks a key, names it, and touches nothing', async () => {
    const process = await start()
    await fill(process, 1)
    await process.keys.rotate({ by })
    await process.vault.watch.stop()
    const [first = '', second = ''] = Object.keys(ringIn())
    const whole = readFileSync(config.masterKeyFile, 'utf8')
    const { [second]: _gone, ...rest } = ringIn() as Record<string, string>
    const other = { ...ringIn(), [first]: randomBytes(32).toString('base64') }
    const facts = () =>
      database().query('select kid, state, check_value from vault_keys order by kid')
    const before = await facts()
    for (const [ring, kid] of [
      [rest, second],
      [other, first],
    ] as const) {
      writeFileSync(config.masterKeyFile, JSON.stringify(ring))
      await assert.rejects(start(), (error: Error) => error.message.includes(kid))
    }
    writeFileSync(config.masterKeyFile, whole)
    const empty = newHome()
    await assert.rejects(start(empty), { code: 'key_missing' })
    assert.throws(() => readFileSync(empty.masterKeyFile), { code: 'ENOENT' })
    assert.deepEqual(await facts(), before)
  })
})
