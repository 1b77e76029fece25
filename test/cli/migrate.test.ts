import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { openPglite } from '../../src/store/pglite.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { runBerth } from '../support/berth.ts'
import { createPostgres, skipWithoutPostgres } from '../support/databases.ts'
import { filesWith } from '../support/files-with.ts'
import { fillLegacy, legacyRows, opensslMd5 } from '../support/legacy-database.ts'
import { LEGACY_SERVICES } from '../support/migration.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const PASSPHRASE = 'correct horse'
const OPTIONS = { variant: 'a', rows: 400, ...LEGACY_SERVICES, encrypt: opensslMd5(PASSPHRASE) } as const // prettier-ignore
const MOVED = [...legacyRows(OPTIONS)].filter(({ expected }) => 'moved' in expected).length

/** What the commands print, as far as it is looked at here. */
type Answer = {
  moved: number
  left: Record<string, number>
  equal: number
  wrong: number
  findings: unknown[]
  removed: number
  variant: string
  willMove: number
  backup: string
  format: string
  code: string
  reason: string
  ok: boolean
  restores: { lost: number }[]
}
type Plan = { conflicts: { keep: string; instances: { id: string }[] }[] }

describe('berth migrate', function () {
  this.timeout(180_000)
  const folder = useTempFolder()
  const inHome = (name: string, env: Record<string, string> = {}) => {
    const home = join(folder(), name)
    return async (...args: string[]) => {
      const { code, stdout, stderr } = await runBerth([...args, '--json'], { BERTH_HOME: home, ...env }) // prettier-ignore
      return { code, stderr, data: JSON.parse(stdout || '{}') as Answer }
    }
  }
  const passphraseFile = () => {
    const file = join(folder(), 'passphrase')
    writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 })
    return file
  }
  const decoder = () => ['--decoder', 'openssl-md5', '--passphrase-file', passphraseFile()]

  it('plans, moves, verifies, backs up, restores and takes back, on Postgres', async function () {
    await skipWithoutPostgres(this)
    const { url, drop } = await createPostgres()
    try {
      const old = await openPostgres(url, silentLog)
      await fillLegacy(old, OPTIONS)
      const before = await old.query('select * from mcp_instances order by id')
      const berth = inHome('postgres', { DATABASE_URL: url })

      assert.deepEqual([(await berth('migrate', 'plan')).code, (await berth('migrate', 'run', ...decoder())).code], [3, 3]) // prettier-ignore
      const file = join(folder(), 'plan.json')
      const { data: plan } = await berth('migrate', 'plan', ...decoder(), '--out', file)
      assert.deepEqual([plan.variant, plan.willMove, plan.left['unknown_type']], ['a', MOVED, 10])
      assert.deepEqual((await old.query(`select to_regclass('migration_ledger') as name`))[0], { name: null }) // prettier-ignore
      const reviewed = JSON.parse(readFileSync(file, 'utf8')) as Plan
      const [conflict] = reviewed.conflicts
      assert.ok(conflict)
      conflict.keep = conflict.instances.find(({ id }) => id !== conflict.keep)?.id ?? ''
      writeFileSync(file, JSON.stringify({ ...reviewed, types: { 'no-such-type': 'echo' } }))

      const { data: ran } = await berth('migrate', 'run', ...decoder(), '--plan', file, '--yes')
      assert.deepEqual([ran.moved, ran.left['unknown_type'], ran.left['conflict']], [MOVED + 10, undefined, 10]) // prettier-ignore
      assert.deepEqual(await old.query(`select outcome from migration_ledger where old_instance_id = $1`, [conflict.keep]), [{ outcome: 'moved' }]) // prettier-ignore
      assert.equal(statSync(ran.backup).mode & 0o777, 0o600)
      assert.equal((await berth('migrate', 'verify', ...decoder())).data.equal, ran.moved)
      assert.deepEqual(filesWith(join(folder(), 'postgres'), PASSPHRASE), [])

      const copy = join(folder(), 'copy')
      assert.equal((await berth('db', 'backup', copy)).data.format, 'pg_dump')
      assert.equal((await berth('migrate', 'rollback', '--yes')).data.removed, ran.moved)
      const asked = await berth('db', 'migrate', '--down')
      assert.deepEqual([asked.code, asked.data.code], [3, 'confirmation_needed'])
      assert.match(
        asked.data.reason,
        /user_service_instances \(0 rows\).*migration_ledger \(400 rows\)/,
      )
      assert.equal((await berth('db', 'migrate')).code, 0)
      assert.equal((await berth('db', 'migrate', '--down', '--yes')).code, 0)
      assert.deepEqual(await old.query('select * from mcp_instances order by id'), before)
      assert.equal((await berth('db', 'restore', copy, '--yes')).code, 0)
      const { data: audit } = await berth('audit', 'verify')
      assert.deepEqual([audit.ok, audit.restores.length, audit.restores[0]?.lost], [true, 1, 1])
      const again = await berth('migrate', 'verify', ...decoder())
      assert.deepEqual([again.code, again.data.equal], [0, ran.moved])

      await old.query(`update user_service_instances u set encrypted_api_key = v.encrypted_api_key from user_service_instances v
        where u.instance_id = (select min(instance_id) from user_service_instances)
          and v.instance_id = (select max(instance_id) from user_service_instances)`) // prettier-ignore
      const wrong = await berth('migrate', 'verify', ...decoder())
      assert.deepEqual([wrong.code, wrong.data.wrong, wrong.data.findings.length], [1, 1, 1])
      await old.close()
    } finally {
      await drop()
    }
  })

  it('does the same within the embedded database', async () => {
    const home = join(folder(), 'embedded')
    const berth = inHome('embedded')
    await berth('db', 'migrate')
    const database = await openPglite(join(home, 'pg'))
    await fillLegacy(database, OPTIONS)
    await database.close()
    const { data: ran } = await berth('migrate', 'run', ...decoder(), '--yes')
    assert.equal(ran.moved + Object.values(ran.left).reduce((a, b) => a + b, 0), OPTIONS.rows) // prettier-ignore
    assert.equal((await berth('migrate', 'verify', ...decoder())).data.equal, ran.moved)
    assert.equal((await berth('migrate', 'rollback', '--yes')).data.removed, ran.moved)
  })
})
