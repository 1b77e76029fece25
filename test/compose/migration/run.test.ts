import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import type { MigrationParts } from '../../../src/compose/migration/run.ts'
import { planMigration } from '../../../src/compose/migration/plan.ts'
import { rollBackMigration } from '../../../src/compose/migration/rollback.ts'
import { verifyMigration } from '../../../src/compose/migration/verify.ts'
import { decodersOf } from '../../../src/migration/decoders.ts'
import { HANDLE } from '../../../src/model/instance.ts'
import type { Database } from '../../../src/store/database.ts'
import { migrateDatabase } from '../../../src/store/migrate.ts'
import { findMovedByOldId, findMovedByTokenHash } from '../../../src/store/moved-instances.ts'
import { MIGRATIONS, onEveryDatabase, OPEN } from '../../support/databases.ts'
import {
  fillLegacy, insertLegacy, ivHex, legacyRows, opensslMd5, storedOf, type LegacyOptions,
} from '../../support/legacy-database.ts' // prettier-ignore
import { LEGACY_SERVICES, migrationParts, runOnce } from '../../support/migration.ts'
import { compareAll, expectedLeft } from '../../support/migration-truth.ts'

const ROWS = 1_200
const sha256 = (text: string) => createHash('sha256').update(text).digest()

const VARIANTS: Record<string, { options: LegacyOptions; decoder: ReturnType<typeof decodersOf> }> =
  {
    'variant a, openssl-md5': {
      options: { variant: 'a', rows: ROWS, ...LEGACY_SERVICES, encrypt: opensslMd5('correct horse') },
      decoder: decodersOf('openssl-md5', 'correct horse'),
    },
    'variant a, iv-hex': {
      options: { variant: 'a', rows: ROWS, ...LEGACY_SERVICES, encrypt: ivHex(sha256('battery')) },
      decoder: decodersOf('iv-hex', 'battery'),
    },
    'variant b': {
      options: { variant: 'b', rows: ROWS, ...LEGACY_SERVICES },
      decoder: decodersOf('none', ''),
    },
  } // prettier-ignore

const wipe = (database: Database) =>
  database.script('drop schema public cascade; create schema public')

const counts = async (database: Database) =>
  database.query(`select (select count(*) from user_service_instances)::int as instances,
    (select count(*) from migration_ledger)::int as ledger, (select count(*) from users)::int as users`) // prettier-ignore

onEveryDatabase('a migration within one database', (database) => {
  beforeEach(() => wipe(database()))

  for (const [name, { options, decoder }] of Object.entries(VARIANTS))
    it(`moves or leaves every row with its true reason (${name})`, async () => {
      await fillLegacy(database(), options)
      await migrateDatabase(database(), MIGRATIONS)
      const chosen = decoder.find(({ key }) => !key.includes('scrypt'))
      const parts = await migrationParts({ source: database(), target: database(), variant: options.variant }, chosen) // prettier-ignore
      const figures = await runOnce(parts)
      assert.deepEqual(figures.left, expectedLeft(options))
      assert.equal(figures.moved + Object.values(figures.left).reduce((a, b) => a + b, 0), ROWS)
      await compareAll(parts, options)
      const { verified } = await verifyMigration(parts, 0, () => undefined)
      assert.deepEqual([verified.isRight, verified.equal, verified.wrong], [true, figures.moved, 0])

      const before = await counts(database())
      const again = await runOnce(parts)
      assert.deepEqual([again.moved, again.unchanged, again.left], [0, figures.moved, figures.left])
      assert.deepEqual(await counts(database()), before)
    })

  const small = { variant: 'a', rows: 40, ...LEGACY_SERVICES, isClean: true } as const
  const prepare = async (options: LegacyOptions = small) => {
    await fillLegacy(database(), options)
    await migrateDatabase(database(), MIGRATIONS)
    const parts = await migrationParts({ source: database(), target: database(), variant: options.variant }) // prettier-ignore
    const figures = await runOnce(parts)
    return { parts, figures, rows: [...legacyRows(options)] }
  }
  const moved = async (id: string) => (await findMovedByOldId(database(), id))?.instanceId
  const credentialsOf = async ({ vault }: MigrationParts, id: string): Promise<unknown> => {
    const found = await findMovedByOldId(database(), id)
    const rows = await database().query<{ sealed: string }>('select encrypted_api_key as sealed from user_service_instances where instance_id = $1', [found?.instanceId]) // prettier-ignore
    const place = { handle: found?.instanceId ?? '', userId: found?.userId ?? '', service: found?.service ?? '', column: 'encrypted_api_key' } // prettier-ignore
    return JSON.parse(vault.open(place, rows[0]?.sealed ?? ''))
  }

  it('brings what is new or changed since, and keeps the URL of what it moved', async () => {
    const { parts, rows } = await prepare()
    const [changed, off, gone] = rows
    assert.ok(changed && off && gone)
    const handle = await moved(changed.id)
    await database().query(`update mcp_instances set encrypted_credentials = '{"api_key":"second"}' where id = $1`, [changed.id]) // prettier-ignore
    await database().query(`update mcp_instances set is_active = false where id = $1`, [off.id])
    await insertLegacy(database(), small, [
      { ...gone, id: randomUUID(), token: 'new', instanceNumber: 2, updatedAt: '2026-03-01', plaintext: 'newer' }, // prettier-ignore
    ])
    const handleOfGroup = await moved(gone.id)
    const { verified } = await verifyMigration(parts, 0, () => undefined)
    assert.deepEqual([verified.equal, verified.changedThere, verified.wouldDrop, verified.notMigrated, verified.wrong], [38, 1, 1, 1, 0]) // prettier-ignore
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.updated, figures.dropped, figures.left], [2, 2, 1, { inactive: 1, conflict: 1 }]) // prettier-ignore
    assert.equal(await moved(changed.id), handle)
    assert.deepEqual(await credentialsOf(parts, changed.id), { api_key: 'second' })
    assert.equal(await moved(off.id), undefined)
    const newer = await findMovedByTokenHash(database(), sha256('new'))
    assert.equal(newer?.instanceId, handleOfGroup)
    assert.equal(await moved(gone.id), undefined)
    assert.equal((await runOnce(parts)).moved, 0)
  })

  it('lets a moment win that is later than all others, and one that is not known lose', async () => {
    await fillLegacy(database(), small)
    const [row] = [...legacyRows(small)]
    assert.ok(row)
    const [last, unknown] = [randomUUID(), randomUUID()]
    await insertLegacy(database(), small, [
      { ...row, id: last, token: 'last', instanceNumber: 2, updatedAt: 'infinity' },
      { ...row, id: unknown, token: 'unknown', instanceNumber: 3 },
    ])
    await database().query('update mcp_instances set updated_at = null where id = $1', [unknown])
    await migrateDatabase(database(), MIGRATIONS)
    const parts = await migrationParts({ source: database(), target: database(), variant: 'a' })
    const { conflicts } = await planMigration({ ...parts, moved: undefined }, () => undefined)
    assert.equal(conflicts[0]?.keep, last)
    const moments = new Map(conflicts[0].instances.map(({ id, updatedAt }) => [id, updatedAt]))
    assert.deepEqual([moments.get(last), moments.get(unknown)], ['Infinity', null])
    assert.equal((await runOnce(parts)).moved, 40)
    assert.notEqual(await moved(last), undefined)
  })

  it('keeps what was deleted in the older database and says so, and drops it when told to', async () => {
    const { parts, rows } = await prepare()
    const [gone, own] = rows
    assert.ok(gone && own)
    await database().query(`update user_service_instances set encrypted_api_key = 'own', updated_at = now() where instance_id = $1`, [await moved(own.id)]) // prettier-ignore
    await database().query('delete from mcp_instances where id = any ($1)', [[gone.id, own.id]])
    const noted = async () => database().query(`select outcome, reason, flags from migration_ledger where old_instance_id = $1`, [gone.id]) // prettier-ignore
    assert.equal((await verifyMigration(parts, 0, () => undefined)).verified.sourceGone, 2)
    assert.equal((await planMigration({ ...parts, moved: { database: database(), vault: parts.vault } }, () => undefined)).figures.sourceGone, 2) // prettier-ignore
    const kept = await runOnce(parts)
    assert.deepEqual([kept.sourceGone, kept.dropped], [2, 0])
    assert.deepEqual(await noted(), [{ outcome: 'moved', reason: null, flags: ['source_gone'] }])
    const dropped = await runOnce({ ...parts, isGoneDropped: true })
    assert.deepEqual([dropped.sourceGone, dropped.dropped], [1, 1])
    assert.deepEqual(await noted(), [{ outcome: 'left', reason: 'source_gone', flags: [] }])
    assert.equal(await moved(gone.id), undefined)
    await insertLegacy(database(), small, [gone])
    assert.equal((await runOnce(parts)).moved, 1)
  })

  it('gives the URL of what was deleted there to what the user made instead', async () => {
    const { parts, rows } = await prepare()
    const [deleted] = rows
    assert.ok(deleted)
    const handle = await moved(deleted.id)
    const instead = { ...deleted, id: randomUUID(), token: 'instead', plaintext: 'second key' }
    await database().query('delete from mcp_instances where id = $1', [deleted.id])
    await insertLegacy(database(), small, [instead])
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.updated, figures.sourceGone, figures.left], [1, 1, 0, {}]) // prettier-ignore
    assert.deepEqual([await moved(instead.id), await moved(deleted.id)], [handle, undefined])
    assert.deepEqual(await credentialsOf(parts, instead.id), { api_key: 'second key' })
    const { verified } = await verifyMigration(parts, 0, () => undefined)
    assert.deepEqual([verified.isRight, verified.equal], [true, 40])
    assert.equal((await runOnce(parts)).moved, 0)
    assert.deepEqual(await rollBackMigration(database(), () => undefined), { removed: 40, kept: 0, users: 0 }) // prettier-ignore
  })

  it('moves what became another user’s or of another service anew; the credentials are for nothing else', async () => {
    const { parts, rows } = await prepare()
    const [given, retyped, owner] = rows
    assert.ok(given && retyped && owner)
    const [from = '', to = ''] = LEGACY_SERVICES.services
    const other = retyped.type === from ? to : from
    await database().query(`insert into users (id, email) values (md5('new owner')::uuid, 'new-owner@example.com')`) // prettier-ignore
    await database().query(`update mcp_instances set user_id = md5('new owner')::uuid, encrypted_credentials = 'theirs' where id = $1`, [given.id]) // prettier-ignore
    await database().query(`update mcp_instances set mcp_type_id = md5($2)::uuid, encrypted_credentials = 'of the other' where id = $1`, [retyped.id, other]) // prettier-ignore
    const plan = await planMigration({ ...parts, moved: { database: database(), vault: parts.vault } }, () => undefined) // prettier-ignore
    assert.deepEqual([plan.figures.moved, plan.figures.updated], [2, 0])
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.updated, figures.unchanged, figures.left], [2, 0, 38, {}]) // prettier-ignore
    assert.deepEqual(await credentialsOf(parts, given.id), { api_key: 'theirs' })
    assert.deepEqual(await credentialsOf(parts, retyped.id), { api_key: 'of the other' })
    assert.equal((await findMovedByOldId(database(), retyped.id))?.service, other)
    assert.equal((await counts(database()))[0]?.['instances'], 40)
    const { verified } = await verifyMigration(parts, 0, () => undefined)
    assert.deepEqual([verified.isRight, verified.equal], [true, 40])
    assert.equal((await runOnce(parts)).moved, 0)
  })

  it('never overwrites what a user changed here, nor brings back what they removed', async () => {
    const { parts, rows } = await prepare()
    const [changed, removed] = rows
    assert.ok(changed && removed)
    await database().query(`update user_service_instances set encrypted_api_key = 'own', updated_at = now() where instance_id = $1`, [await moved(changed.id)]) // prettier-ignore
    await database().query('delete from user_service_instances where instance_id = $1', [await moved(removed.id)]) // prettier-ignore
    await database().query(`update mcp_instances set encrypted_credentials = 'other' where id = any ($1)`, [[changed.id, removed.id]]) // prettier-ignore
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.kept, figures.left], [0, 1, { removed: 1 }])
    const sealed = await database().query('select 1 from user_service_instances where encrypted_api_key = $1', ['own']) // prettier-ignore
    assert.equal(sealed.length, 1)
    assert.deepEqual((await runOnce(parts)).left, { removed: 1 })

    const done = await rollBackMigration(database(), () => undefined)
    assert.deepEqual(done, { removed: 38, kept: 1, users: 0 })
    assert.equal((await runOnce(parts)).moved, 38)
  })

  it('leaves an instance alone that a user made here before', async () => {
    await fillLegacy(database(), small)
    await migrateDatabase(database(), MIGRATIONS)
    const [row] = [...legacyRows(small)]
    assert.ok(row)
    const parts = await migrationParts({ source: database(), target: database(), variant: 'a' })
    await database().query(
      `insert into user_service_instances (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
       values ('own', $1, $2, 'v1', '', 'v1')`,
      [row.userId, row.type],
    )
    const { figures: planned } = await planMigration({ ...parts, moved: { database: database(), vault: parts.vault } }, () => undefined) // prettier-ignore
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.left], [39, { exists: 1 }])
    assert.deepEqual([planned.moved, planned.left], [39, { exists: 1 }])
    await rollBackMigration(database(), () => undefined)
    assert.deepEqual((await database().query('select instance_id as id from user_service_instances')).map(({ id }) => id), ['own']) // prettier-ignore
  })

  it('gives another end to a handle that somebody has', async () => {
    await fillLegacy(database(), small)
    await migrateDatabase(database(), MIGRATIONS)
    const [row, other] = [...legacyRows(small)]
    assert.ok(row && other)
    const handle = `${row.type.slice(0, 3)}_user_${row.userId?.slice(0, 8)}_${createHash('md5').update(row.id).digest('hex').slice(0, 6)}` // prettier-ignore
    await database().query(
      `insert into user_service_instances (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret)
       values ($1, $2, 'echo', 'v1', '', 'v1')`,
      [handle, other.userId],
    )
    const parts = await migrationParts({ source: database(), target: database(), variant: 'a' })
    const figures = await runOnce(parts)
    assert.deepEqual([figures.moved, figures.collisions], [40, 1])
    assert.match((await moved(row.id)) ?? '', HANDLE)
    assert.notEqual(await moved(row.id), handle)
    assert.deepEqual(await credentialsOf(parts, row.id), { api_key: JSON.parse(storedOf(row, {}) ?? '').api_key }) // prettier-ignore
  })
})

describe('a migration between two databases', function () {
  this.timeout(60_000)

  it('leaves a user without an email, and nobody else for them', async () => {
    const source = await OPEN.embedded()
    const target = await OPEN.embedded()
    try {
      const options = { variant: 'b', rows: 400, ...LEGACY_SERVICES, isClean: true } as const
      await fillLegacy(source.database, options)
      await source.database.script(`alter table users alter column email drop not null;
        update users set email = null where email in ('user-3@example.com', 'user-20@example.com')`)
      await migrateDatabase(target.database, MIGRATIONS)
      const parts = await migrationParts({ source: source.database, target: target.database, variant: 'b' }) // prettier-ignore
      const { figures: planned } = await planMigration({ ...parts, moved: undefined }, () => undefined) // prettier-ignore
      const figures = await runOnce(parts)
      assert.deepEqual([figures.moved, figures.left], [380, { user_missing: 20 }])
      assert.deepEqual([planned.moved, planned.left], [380, { user_missing: 20 }])
      assert.equal((await runOnce(parts)).moved, 0)
    } finally {
      await source.close()
      await target.close()
    }
  })

  it('copies users by id and email, and takes nobody for another by the email', async () => {
    const source = await OPEN.embedded()
    const target = await OPEN.embedded()
    try {
      const options = { variant: 'b', rows: 400, ...LEGACY_SERVICES, isClean: true } as const
      await fillLegacy(source.database, options)
      await migrateDatabase(target.database, MIGRATIONS)
      await target.database.query(`insert into users (email) values ('user-0@example.com')`)
      const parts = await migrationParts({ source: source.database, target: target.database, variant: 'b' }) // prettier-ignore
      const { figures: planned } = await planMigration({ ...parts, moved: undefined }, () => undefined) // prettier-ignore
      const figures = await runOnce(parts)
      assert.deepEqual([figures.moved, figures.left], [390, { user_conflict: 10 }])
      assert.deepEqual([planned.moved, planned.left], [390, { user_conflict: 10 }])
      assert.deepEqual(await counts(target.database), [{ instances: 390, ledger: 400, users: 40 }])
      const done = await rollBackMigration(target.database, () => undefined)
      assert.deepEqual(done, { removed: 390, kept: 0, users: 39 })
      assert.deepEqual(await counts(target.database), [{ instances: 0, ledger: 400, users: 1 }])
    } finally {
      await source.close()
      await target.close()
    }
  })
})
