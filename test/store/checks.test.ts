import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { claimDueChecks, recordCheck } from '../../src/store/checks.ts'
import { findInstanceOf, insertInstance } from '../../src/store/instances.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { insertUser } from '../../src/store/users.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { UNCHECKED } from '../support/services.ts'

const hex = (bytes: number) => randomBytes(bytes).toString('hex')
const AGO = new Date('2026-01-01T00:00:00Z')

onEveryDatabase('checks of keys', (database) => {
  before(() => migrateDatabase(database(), MIGRATIONS))
  beforeEach(() => database().script('truncate users cascade'))

  const insert = async (checkAt: Date | null) => {
    const { id: userId } = await insertUser(database(), `${hex(6)}@example.com`)
    const made = await insertInstance(database(), {
      handle: `wid_user_${hex(4)}_${hex(3)}`, userId, service: 'widgets', sealedCredentials: 'v1.key',
      secretHash: randomBytes(32), sealedSecret: 'v1.secret', sandbox: false, check: { ...UNCHECKED, checkAt },
    }) // prettier-ignore
    assert.ok(made)
    return made
  }

  it('are claimed once, when they are due and the instance is active', async () => {
    const due = await Promise.all(Array.from({ length: 20 }, () => insert(AGO)))
    await insert(null)
    await insert(new Date(Date.now() + 3_600_000))
    const paused = await insert(AGO)
    await database().query('update user_service_instances set is_active = false where instance_id = $1', [paused.handle]) // prettier-ignore
    const claims = await Promise.all(Array.from({ length: 6 }, () => claimDueChecks(database(), 5)))
    const later = await claimDueChecks(database(), 50)
    const handles = [...claims.flat(), ...later].map(({ handle }) => handle)
    assert.deepEqual(handles.sort(), due.map(({ handle }) => handle).sort())
  })

  it('are recorded for the credentials that were checked, and for no others', async () => {
    const made = await insert(null)
    const check = { verification: 'valid', account: 'anna', verifiedAt: AGO, checkTries: 3, checkAt: AGO } as const // prettier-ignore
    assert.equal(
      await recordCheck(database(), { ...made, sealedCredentials: 'v1.old' }, check),
      false,
    )
    assert.deepEqual(await findInstanceOf(database(), made), made)
    assert.equal(await recordCheck(database(), made, check), true)
    assert.deepEqual(await findInstanceOf(database(), made), { ...made, ...check })
  })
})
