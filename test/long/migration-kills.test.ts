import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../../src/base/log.ts'
import type { Database } from '../../src/store/database.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { runBerth } from '../support/berth.ts'
import { createPostgres, skipWithoutPostgres } from '../support/databases.ts'
import { fillLegacy, ivHex, legacyRows } from '../support/legacy-database.ts'
import { LEGACY_SERVICES } from '../support/migration.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const KEY = 'k'.repeat(32)
const OPTIONS = { variant: 'a', rows: 30_000, ...LEGACY_SERVICES, encrypt: ivHex(Buffer.from(KEY)) } as const // prettier-ignore
const KILLS = 20
const COMMAND = join(import.meta.dirname, '../../dist/cli/main.js')

/** Every other kill comes at a moment of the start, the rest once so many more rows are done: a slow machine has both. */
const START_MS = 1_500
const MOST_ROWS = (2 * OPTIONS.rows) / KILLS
const POLL_MS = 20

const ledgerRows = async (database: Database): Promise<number> => {
  const [counted] = await database.query<{ count: number }>(
    `select case when to_regclass('migration_ledger') is null then 0 else
      (xpath('/row/c/text()', query_to_xml('select count(*) as c from migration_ledger', false, true, '')))[1]::text::int end as count`,
  )
  return counted?.count ?? 0
}

/** Until the run has more than so many rows in its ledger, or has ended. */
const workedOn = async (database: Database, run: ChildProcess, rows: number): Promise<void> => {
  while (run.exitCode === null && (await ledgerRows(database)) <= rows) await delay(POLL_MS)
}

describe('a migration that is killed again and again', function () {
  this.timeout(400_000)
  const folder = useTempFolder()

  it('ends as an undisturbed one', async function () {
    await skipWithoutPostgres(this)
    const { url, drop } = await createPostgres()
    const env = { PATH: process.env['PATH'] ?? '', BERTH_HOME: join(folder(), 'home'), DATABASE_URL: url } // prettier-ignore
    const file = join(folder(), 'passphrase')
    writeFileSync(file, KEY, { mode: 0o600 })
    mkdirSync(env.BERTH_HOME, { recursive: true, mode: 0o700 })
    const run = ['migrate', 'run', '--decoder', 'iv-hex', '--passphrase-file', file, '--yes', '--json'] // prettier-ignore
    const database = await openPostgres(url, silentLog)
    try {
      await fillLegacy(database, OPTIONS)
      const seen: number[] = []
      for (let kill = 0; kill < KILLS; kill++) {
        const child = spawn(process.execPath, [COMMAND, ...run], { env, stdio: 'ignore' })
        const ended = once(child, 'exit')
        if (kill % 2 === 0) await Promise.race([ended, delay(Math.random() * START_MS)])
        else await workedOn(database, child, (seen.at(-1) ?? 0) + Math.random() * MOST_ROWS)
        child.kill('SIGKILL')
        await ended
        seen.push(await ledgerRows(database))
      }
      assert.ok(seen.some((rows) => rows > 0 && rows < OPTIONS.rows), `killed amid its work: ${seen.join(' ')}`) // prettier-ignore
      const { stdout } = await runBerth(run, env)
      const { total } = JSON.parse(stdout) as { total: { moved: number; left: object } }
      const left: Record<string, number> = {}
      let moved = 0
      for (const { expected } of legacyRows(OPTIONS))
        if ('left' in expected) left[expected.left] = (left[expected.left] ?? 0) + 1
        else moved += 1
      assert.deepEqual(total, { moved, left }, `rows after each kill: ${seen.join(' ')}`)
      const [sums] = await database.query(
        `select (select count(*)::int from user_service_instances) as instances,
           (select count(*)::int from migration_ledger) as ledger,
           (select count(*)::int from migration_ledger where outcome = 'moved'
              and right(instance_id, 6) <> left(md5(old_instance_id::text), 6)) as "otherHandles"`,
      )
      assert.deepEqual(sums, { instances: moved, ledger: OPTIONS.rows, otherHandles: 0 })
      const verified = await runBerth(['migrate', 'verify', ...run.slice(2, 6), '--json'], env)
      assert.deepEqual([verified.code, (JSON.parse(verified.stdout) as { equal: number }).equal], [0, moved]) // prettier-ignore
    } finally {
      await database.close()
      await drop()
    }
  })
})
