import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../src/store/database.ts'
import { migrateDatabase, migrationStatus } from '../../src/store/migrate.ts'
import { MIGRATIONS, onEveryDatabase } from '../support/databases.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const FILES = readdirSync(MIGRATIONS).filter((name) => name.includes('.do.'))
const ALL_DONE = FILES.map((name) => name.replace(/\.sql$/, ''))
const ALL_UNDONE = ALL_DONE.map((name) => name.replace('.do.', '.undo.')).reverse()
const NEWEST = Math.max(...FILES.map((name) => parseInt(name)))
const ANNA = '1a2b3c4d-0000-4000-8000-000000000000'

/** Every column, index and constraint; not the record of the migrations. */
const schemaOf = (database: Database) =>
  database.query<{ what: string }>(`
    select what from (
      select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as what, table_name
        from information_schema.columns where table_schema = 'public'
      union all select indexdef, tablename from pg_indexes where schemaname = 'public'
      union all select format('%s %s', conname, pg_get_constraintdef(oid)), conrelid::regclass::text
        from pg_constraint where connamespace = 'public'::regnamespace
    ) as everything where table_name <> 'berth_schema_version' order by what`)

const insertRows = (database: Database) =>
  database.script(`
    insert into user_service_instances
      (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
      values ('h', '${ANNA}', 'figma', 'v1', '', 'v1')`)

onEveryDatabase('migrations', (database) => {
  const folder = useTempFolder()
  beforeEach(() => database().script('drop schema public cascade; create schema public'))

  const migrate = (target?: number) => migrateDatabase(database(), MIGRATIONS, target)
  /** The real migrations, and more files. */
  const copyWith = (files: Readonly<Record<string, string>>): string => {
    const copy = join(folder(), randomBytes(4).toString('hex'))
    mkdirSync(copy)
    cpSync(MIGRATIONS, copy, { recursive: true })
    for (const [name, sql] of Object.entries(files)) writeFileSync(join(copy, name), sql)
    return copy
  }

  it('go up, down to 0 leaving nothing, and up to the same again', async () => {
    assert.deepEqual(await migrate(), ALL_DONE)
    const schema = await schemaOf(database())
    assert.ok(schema.length > 30)
    assert.deepEqual(await migrationStatus(database(), MIGRATIONS), {
      version: NEWEST,
      newest: NEWEST,
    })
    assert.deepEqual(await migrate(0), ALL_UNDONE)
    assert.deepEqual(await schemaOf(database()), [])
    assert.equal((await migrationStatus(database(), MIGRATIONS)).version, 0)
    assert.deepEqual(await migrate(), ALL_DONE)
    assert.deepEqual(await schemaOf(database()), schema)
  })

  it('are run once, however many run them at the same time', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, () => migrate()))
    assert.deepEqual(runs.flat(), ALL_DONE)
    assert.deepEqual(await migrate(), [])
  })

  it("adopt an integrator's users and leave them as they were when undone", async () => {
    await database().script(`
      create table users (
        id uuid primary key, email varchar(200) unique, name text not null, plan text default 'free');
      insert into users (id, email, name)
        values ('${ANNA}', 'anna@web.app', 'Anna'), (gen_random_uuid(), null, 'Ben')`)
    const read = () => database().query('select * from users order by name')
    const [schema, rows] = [await schemaOf(database()), await read()]
    await migrate()
    await insertRows(database())
    assert.deepEqual(await read(), rows)
    await migrate(0)
    assert.deepEqual(await read(), rows)
    assert.deepEqual(await schemaOf(database()), schema)
  })

  it('remove the instances of a deleted user, adopted or not', async () => {
    await migrate()
    await database().script(`insert into users (id, email) values ('${ANNA}', 'anna@web.app')`)
    await insertRows(database())
    await database().script('delete from users')
    assert.deepEqual(await database().query('select * from user_service_instances'), [])
    await assert.rejects(insertRows(database()), { code: '23503' })
  })

  it('do without the foreign key where the ids of adopted users are not unique', async () => {
    await database().script('create table users (id uuid, email text)')
    await migrate()
    await insertRows(database())
    await migrate(0)
    assert.deepEqual(await database().query('select * from users'), [])
  })

  it('refuse a file that was edited after it ran, and change nothing', async () => {
    await migrate()
    const before = await schemaOf(database())
    const edited = copyWith({ '900.do.more.sql': 'create table more (id int)' })
    appendFileSync(join(edited, FILES[0]!), '\n-- edited\n')
    await assert.rejects(migrateDatabase(database(), edited), { code: 'migration_failed' })
    assert.deepEqual(await schemaOf(database()), before)
    assert.equal((await migrationStatus(database(), MIGRATIONS)).version, NEWEST)
  })

  it('leave nothing half done when one fails, and succeed once it is repaired', async () => {
    const good = 'create table more (id int)'
    const broken = copyWith({ '900.do.more.sql': `${good}; insert into nowhere values (1)` })
    await assert.rejects(migrateDatabase(database(), broken), (error: Error) => {
      assert.match(error.message, /as it was: .*nowhere/)
      return true
    })
    assert.deepEqual(await schemaOf(database()), [])
    assert.equal((await migrationStatus(database(), broken)).version, 0)
    const repaired = copyWith({ '900.do.more.sql': good })
    const done = await migrateDatabase(database(), repaired)
    assert.deepEqual(done, [...ALL_DONE, '900.do.more'])
  })

  it('leave an integrator whose user ids are no UUIDs as they were', async () => {
    await database().script('create table users (id serial primary key, email text)')
    const before = await schemaOf(database())
    await assert.rejects(migrate(), { code: 'migration_failed' })
    assert.deepEqual(await schemaOf(database()), before)
  })
})
