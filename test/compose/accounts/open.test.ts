import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig, type Config } from '../../../src/base/config.ts'
import { AppError, type ErrorCode } from '../../../src/base/errors.ts'
import { prepareHome } from '../../../src/base/home.ts'
import { silentLog } from '../../../src/base/log.ts'
import {
  composeAccounts,
  openDatabase,
  prepareDatabase,
} from '../../../src/compose/accounts/open.ts'
import { listVaultKeys } from '../../../src/store/vault-keys.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createPostgres, onEveryDatabase, skipWithoutPostgres } from '../../support/databases.ts'
import { makeService } from '../../support/services.ts'
import { useTempFolder } from '../../support/temp-folder.ts'

const SANDBOX = { BERTH_SANDBOX_URL: 'http://127.0.0.1:9' }

const isRefusal =
  (code: ErrorCode, words: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, code)
    assert.match(error.message, words)
    return true
  }

onEveryDatabase('preparing a database', (database) => {
  const folder = useTempFolder()
  beforeEach(() => database().script('drop schema public cascade; create schema public'))

  /** A home of its own, and so a key ring of its own. */
  const newHome = (): { BERTH_HOME: string } => {
    const home = { BERTH_HOME: join(folder(), randomBytes(4).toString('hex')) }
    const config = readConfig(home)
    prepareHome(config.home, config.pm2Home)
    return home
  }
  const prepare = (config: Config) => prepareDatabase(config, database())
  const services = [makeService(), makeService({ name: 'echo', auth: { ...makeService().auth, fields: [] } })] // prettier-ignore

  /** Stores a key for a service the way that the daemon would under these settings. */
  const storeKey = async (config: Config, service: string) => {
    const vault = await prepare(config)
    const parts = { config, database: database(), vault, services: () => services }
    const accounts = composeAccounts({ ...parts, onInstanceChange: () => undefined })
    const { id: userId } = await accounts.addUser(`${randomBytes(4).toString('hex')}@example.com`)
    const input = service === 'echo' ? {} : { apiKey: 'sk-1' }
    return { accounts, owner: { userId, service }, made: await accounts.authenticate({ userId, service }, input) } // prettier-ignore
  }

  it('makes schema and key ring the first time and uses the same the next time', async () => {
    const config = readConfig(newHome())
    const { owner, made } = await storeKey(config, 'widgets')
    assert.equal(statSync(config.masterKeyFile).mode & 0o777, 0o600)
    const keys = await listVaultKeys(database())
    assert.equal(keys.length, 1)
    const vault = await prepare(config)
    assert.deepEqual(await listVaultKeys(database()), keys)
    const parts = { config, database: database(), vault, services: () => services }
    const accounts = composeAccounts({ ...parts, onInstanceChange: () => undefined })
    assert.equal((await accounts.getInstance(owner)).instanceUrl, made.instanceUrl)
  })

  it('refuses a key ring that did not seal this database, naming its key, and notes nothing', async () => {
    await prepare(readConfig(newHome()))
    const keys = await listVaultKeys(database())
    const stranger = readConfig(newHome())
    await assert.rejects(prepare(stranger), isRefusal('key_missing', new RegExp(keys[0]!.kid)))
    assert.deepEqual(await listVaultKeys(database()), keys)
  })

  it('refuses the sandbox while there are instances made without it', async () => {
    const home = newHome()
    const { accounts, owner } = await storeKey(readConfig(home), 'widgets')
    const sandboxed = readConfig({ ...home, ...SANDBOX })
    await assert.rejects(prepare(sandboxed), isRefusal('sandbox_refused', /BERTH_SANDBOX_URL/))
    await prepare(readConfig(home))
    await accounts.remove(owner)
    await prepare(sandboxed)
  })

  it('lets the sandbox in beside instances of echo, and beside those made in it', async () => {
    const home = newHome()
    await storeKey(readConfig(home), 'echo')
    const sandboxed = readConfig({ ...home, ...SANDBOX })
    await storeKey(sandboxed, 'widgets')
    await prepare(sandboxed)
  })

  it('tells gateways of every change to an instance, and of none that did not happen', async () => {
    const config = readConfig(newHome())
    const changed: string[] = []
    const parts = { config, database: database(), vault: await prepare(config) }
    const onInstanceChange = (handle: string) => changed.push(handle)
    const accounts = composeAccounts({ ...parts, services: () => services, onInstanceChange })
    const { id: userId } = await accounts.addUser('anna@example.com')
    const owner = { userId, service: 'widgets' }
    await assert.rejects(accounts.remove(owner), { code: 'not_found' })
    const { instanceId } = await accounts.authenticate(owner, { apiKey: 'sk-1' })
    changed.length = 0
    await accounts.authenticate(owner, { apiKey: 'sk-2' })
    await accounts.rotate(owner)
    await accounts.remove(owner)
    assert.deepEqual(changed, [instanceId, instanceId, instanceId])
  })
})

describe('opening the configured database', () => {
  const cleanUp = useCleanup()

  it('opens the Postgres that DATABASE_URL names', async function () {
    await skipWithoutPostgres(this)
    const { url, drop } = await createPostgres()
    cleanUp(drop)
    const database = await openDatabase(readConfig({ DATABASE_URL: url }), silentLog)
    cleanUp(database.close)
    assert.equal(database.kind, 'postgres')
    const rows = await database.query('select current_database() as name')
    assert.deepEqual(rows, [{ name: new URL(url).pathname.slice(1) }])
  })
})
