import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { silentLog } from '../../../src/base/log.ts'
import type { Database } from '../../../src/store/database.ts'
import { openPostgres } from '../../../src/store/postgres.ts'
import { fillLegacy, opensslMd5 } from '../../../test/support/legacy-database.ts'
import { LEGACY_SERVICES } from '../../../test/support/migration.ts'
import { note } from '../../../src/cli/output.ts'
import { createDatabase } from '../fleet/database.ts'

const COMMAND = join(import.meta.dirname, '../../../dist/cli/main.js')
const PASSPHRASE = 'a passphrase of the older model'
const POLL_MS = 100

/** The seed's statement, with what the table wants besides: nothing is sealed again. */
const BARE = `insert into user_service_instances
    (instance_id, user_id, service_type, encrypted_api_key, is_active, secret_hash, sealed_secret)
  select concat(substring(mt.name, 1, 3), '_user_', substring(mi.user_id::text, 1, 8), '_', substring(md5(mi.id::text), 1, 6)),
    mi.user_id, mt.name, mi.encrypted_credentials, mi.is_active, '', ''
  from mcp_instances mi join mcp_types mt on mi.mcp_type_id = mt.id where mi.is_active
  on conflict do nothing`

/** Moves rows of a clean older database by the command, beside the bare statement on the same rows. */
export const measureRows = async (rows: number) => {
  const { url, drop } = await createDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'bm-'))
  try {
    const database = await openPostgres(url, silentLog, { queryMs: 600_000 })
    note(`filling ${rows} instances of the older model …`)
    await fillLegacy(database, { variant: 'a', rows, ...LEGACY_SERVICES, isClean: true, encrypt: opensslMd5(PASSPHRASE) }) // prettier-ignore
    await berth(['db', 'migrate', '--json'], { folder, url })
    await database.script('vacuum analyze')
    const bareSeconds = await measureBare(database)
    note(`bare: ${bareSeconds} s; moving …`)
    const file = join(folder, 'passphrase')
    writeFileSync(file, PASSPHRASE, { mode: 0o600 })
    const args = ['migrate', 'run', '--decoder', 'openssl-md5', '--passphrase-file', file, '--yes', '--json'] // prettier-ignore
    const { answer, peakMiB } = await berth(args, { folder, url })
    const { moved, seconds } = JSON.parse(answer) as { moved: number; seconds: number }
    await database.close()
    return { rows, moved, seconds, 'rows a second': Math.round(moved / seconds), 'bare seconds': bareSeconds, 'times bare': Math.round((seconds / bareSeconds) * 100) / 100, 'memory peak MiB': peakMiB } // prettier-ignore
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await drop()
  }
}

const measureBare = async (database: Database): Promise<number> => {
  const begun = performance.now()
  await database.script(BARE)
  const seconds = Math.round((performance.now() - begun) / 10) / 100
  await database.script('truncate user_service_instances')
  await database.script('vacuum analyze')
  return seconds
}

/** Runs the command, and looks meanwhile how much memory it has had at most. */
const berth = async (
  args: readonly string[],
  { folder, url }: { folder: string; url: string },
): Promise<{ answer: string; peakMiB: number }> => {
  const env = { PATH: process.env['PATH'] ?? '', BERTH_HOME: join(folder, 'home'), DATABASE_URL: url } // prettier-ignore
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] }) // prettier-ignore
  let peakMiB = 0
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, peakOf(child.pid))
  }, POLL_MS)
  try {
    const answer = await text(child.stdout)
    return { answer, peakMiB }
  } finally {
    clearInterval(timer)
    child.kill('SIGKILL')
  }
}

/** The kernel's own high-water mark of resident memory. */
const peakOf = (pid: number | undefined): number => {
  try {
    const kib = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Math.round(Number(kib ?? 0) / 1024)
  } catch {
    return 0 // it has ended
  }
}
