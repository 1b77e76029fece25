import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { listOwnTables } from '../../src/store/backup/own-tables.ts'
import { copyRowsFrom, copyRowsTo } from '../../src/store/backup/row-copy.ts'
import { appendEvents } from '../../src/store/events.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { useTempFolder } from '../support/temp-folder.ts'

onEveryDatabase("a copy of Berth's own rows", (database) => {
  const folder = useTempFolder()
  const addEvent = () =>
    appendEvents(database(), { id: randomUUID(), batch: 1 }, [
      { type: 'service.started', message: 'x', at: new Date(), data: '{}' },
    ])
  const tableOf = (name: string) => database().query(`select * from ${name} order by 1`)

  it('brings them back as they were, and leaves what belongs to others alone', async () => {
    await database().script('create table mcp_instances (id integer)')
    await migrateDatabase(database(), MIGRATIONS)
    await database().script(`
      insert into users (id, email) values ('1a2b3c4d-0000-4000-8000-000000000000', 'anna@example.com');
      insert into user_service_instances
        (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
        values ('h', '1a2b3c4d-0000-4000-8000-000000000000', 'figma', 'v1 "ü', '\\x00ff', 'v1');
      insert into mcp_instances values (1)`)
    await addEvent()
    const tables = await listOwnTables(database(), MIGRATIONS)
    assert.ok(tables.includes('users') && tables.includes('migration_ledger'))
    assert.equal(tables.includes('mcp_instances'), false)
    const before = await Promise.all(tables.map(tableOf))
    const file = join(folder(), `${database().kind}.backup`)
    await copyRowsTo(database(), tables, file)
    assert.equal(statSync(file).mode & 0o777, 0o600)

    await database().script(`delete from user_service_instances; update users set email = 'other'; delete from mcp_instances`) // prettier-ignore
    await copyRowsFrom(database(), tables, file)
    assert.deepEqual(await Promise.all(tables.map(tableOf)), before)
    assert.deepEqual(await tableOf('mcp_instances'), [])
    await addEvent()
    assert.equal((await tableOf('events')).length, 2)
  })
})
