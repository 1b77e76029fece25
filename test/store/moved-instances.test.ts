import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { findMovedByOldId, findMovedByTokenHash } from '../../src/store/moved-instances.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'

const ANNA = '1a2b3c4d-0000-4000-8000-000000000000'
const MOVED = randomUUID()
const GONE = randomUUID()
const LEFT = randomUUID()
const tokenHash = (token: string) => createHash('sha256').update(token).digest()

onEveryDatabase('moved instances', (database) => {
  before(async () => {
    await migrateDatabase(database(), MIGRATIONS)
    await database().script(`
      insert into users (id, email) values ('${ANNA}', 'anna@example.com');
      insert into user_service_instances
        (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
        values ('fig_user_1a2b3c4d_9f2c1e', '${ANNA}', 'figma', 'v1', '', 'v1')`)
    const note = (oldId: string, handle: string | null, reason: string | null) =>
      database().query(
        `insert into migration_ledger
           (old_instance_id, old_type, old_token_hash, user_id, outcome, reason, instance_id, source_hash, run_id)
         values ($1, 'Figma', $2, $3, $4, $5, $6, '', $1)`,
        [oldId, tokenHash(oldId), ANNA, handle === null ? 'left' : 'moved', reason, handle],
      )
    await note(MOVED, 'fig_user_1a2b3c4d_9f2c1e', null)
    await note(GONE, 'fig_user_1a2b3c4d_000000', null)
    await note(LEFT, null, 'expired')
  })

  it('are found by their old id and by the hash of their old token', async () => {
    const moved = {
      instanceId: 'fig_user_1a2b3c4d_9f2c1e',
      service: 'figma',
      userId: ANNA,
      oldType: 'Figma',
    }
    assert.deepEqual(await findMovedByOldId(database(), MOVED), moved)
    assert.deepEqual(await findMovedByTokenHash(database(), tokenHash(MOVED)), moved)
  })

  it('are not found when they were left, are gone since, or never were', async () => {
    for (const id of [GONE, LEFT, randomUUID()]) {
      assert.equal(await findMovedByOldId(database(), id), undefined)
      assert.equal(await findMovedByTokenHash(database(), tokenHash(id)), undefined)
    }
  })
})
