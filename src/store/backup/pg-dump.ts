import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Where Postgres's own tools find the database; the password is in a 0600 file, never in arguments or environment. */
type Tools = { url: string; folder: string }

const DEADLINE_MS = 60 * 60_000
const TOOLS_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/pgsql/bin'

const withConnection = async <T>(
  { url, folder }: Tools,
  work: (connection: { address: string; env: NodeJS.ProcessEnv }) => Promise<T>,
): Promise<T> => {
  const address = new URL(url)
  const password = decodeURIComponent(address.password)
  address.password = ''
  const place = mkdtempSync(join(folder, 'pgpass-'))
  const file = join(place, 'pgpass')
  writeFileSync(file, `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`, { mode: 0o600 })
  try {
    return await work({ address: address.href, env: toolEnvironment(file) })
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Nothing of ours but what finds the programs and the password. */
const toolEnvironment = (passFile: string): NodeJS.ProcessEnv => ({
  PATH: TOOLS_PATH,
  PGPASSFILE: passFile,
  PGCONNECT_TIMEOUT: '10',
})

/** Writes the tables' rows in pg_dump's custom format. @throws Error when pg_dump is not there, or fails */
export const dumpTables = (tools: Tools, tables: readonly string[], file: string): Promise<void> =>
  withConnection(tools, async ({ address, env }) => {
    const out = openSync(file, 'wx', 0o600)
    try {
      const named = tables.map((table) => `--table=${table}`)
      const args = ['--format=custom', '--data-only', '--no-owner', ...named, `--dbname=${address}`]
      await ended(spawn('pg_dump', args, { env, stdio: ['ignore', out, 'pipe'], timeout: DEADLINE_MS })) // prettier-ignore
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    } finally {
      closeSync(out)
    }
  })

/** With an empty path the triggers of the tables would not find what they read. */
const NO_PATH = `SELECT pg_catalog.set_config('search_path', '', false);`

/** Puts a dump's rows in the place of those that the tables have, all or nothing. */
export const restoreTables = (
  tools: Tools,
  tables: readonly string[],
  file: string,
): Promise<void> =>
  withConnection(tools, async ({ address, env }) => {
    const reader = spawn('pg_restore', ['--data-only', '--file=-', file], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS }) // prettier-ignore
    const args = ['--no-psqlrc', '--quiet', '--single-transaction', '--set=ON_ERROR_STOP=1', `--dbname=${address}`] // prettier-ignore
    const writer = spawn('psql', args, { env, stdio: ['pipe', 'ignore', 'pipe'], timeout: DEADLINE_MS }) // prettier-ignore
    // What psql says about a failure says more than that its input was closed.
    const piped = pipeline(Readable.from(scriptOf(tables, reader.stdout)), writer.stdin).catch(() => undefined) // prettier-ignore
    await Promise.all([ended(reader), ended(writer), piped])
  })

/** Bytes as they are but for that one line: rows may hold any UTF-8, cut anywhere. */
const scriptOf = async function* (
  tables: readonly string[],
  dump: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield Buffer.from([...tables].reverse().map((table) => `delete from ${table};\n`).join('')) // prettier-ignore
  let isHead = true
  for await (const chunk of dump) {
    yield isHead ? Buffer.from(chunk.toString('latin1').replace(NO_PATH, ''), 'latin1') : chunk
    isHead = false
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)))
    child.once('error', reject)
    child.once(
      'close',
      (code) =>
      code === 0 ? resolve() : reject(new Error(`${child.spawnfile}: ${said.trim() || `exit code ${code}`}`)), // prettier-ignore
    )
  })
