import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { verifyMigration } from '../../src/compose/migration/verify.ts'
import { decodersOf, type Decoder } from '../../src/migration/decoders.ts'
import { silentLog } from '../../src/base/log.ts'
import { migrateDatabase } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { createPostgres, MIGRATIONS, skipWithoutPostgres } from '../support/databases.ts'
import { fillLegacy, ivHex, opensslMd5, type LegacyOptions } from '../support/legacy-database.ts'
import { compareAll, expectedLeft } from '../support/migration-truth.ts'
import { LEGACY_SERVICES, migrationParts, runOnce } from '../support/migration.ts'

const ROWS = Number(process.env['TEST_MIGRATION_ROWS'] ?? 100_000)
const PASSPHRASE = 'years of dirt'
const KEY = createHash('sha256').update(PASSPHRASE).digest()

const VARIANTS: Record<string, { options: LegacyOptions; decoder: Decoder | undefined }> = {
  'variant a, without IV': {
    options: { variant: 'a', rows: ROWS, ...LEGACY_SERVICES, encrypt: opensslMd5(PASSPHRASE) },
    decoder: decodersOf('openssl-md5', PASSPHRASE)[0],
  },
  'variant a, with IV': {
    options: { variant: 'a', rows: ROWS, ...LEGACY_SERVICES, encrypt: ivHex(KEY) },
    decoder: decodersOf('iv-hex', PASSPHRASE).find(({ key }) => key === 'sha256(passphrase)'),
  },
  'variant b': {
    options: { variant: 'b', rows: ROWS, ...LEGACY_SERVICES },
    decoder: decodersOf('none', '')[0],
  },
}

describe(`${ROWS} instances of the older model with all their dirt`, function () {
  this.timeout(600_000)
  before(function () {
    return skipWithoutPostgres(this)
  })

  for (const [name, { options, decoder }] of Object.entries(VARIANTS))
    it(`are all moved or left with the true reason, and once (${name})`, async () => {
      assert.ok(decoder)
      const { url, drop } = await createPostgres()
      const database = await openPostgres(url, silentLog, { queryMs: 600_000 })
      try {
        await fillLegacy(database, options)
        await migrateDatabase(database, MIGRATIONS)
        const parts = await migrationParts({ source: database, target: database, variant: options.variant }, decoder) // prettier-ignore
        const first = await runOnce(parts)
        assert.deepEqual([first.rows, first.left], [ROWS, expectedLeft(options)])
        await compareAll(parts, options)
        const { verified } = await verifyMigration(parts, 0, () => undefined)
        assert.deepEqual([verified.isRight, verified.equal, verified.wrong, verified.findings], [true, first.moved, 0, []]) // prettier-ignore
        const second = await runOnce(parts)
        assert.deepEqual([second.moved, second.unchanged, second.dropped, second.kept], [0, first.moved, 0, 0]) // prettier-ignore
      } finally {
        await database.close()
        await drop()
      }
    })
})
