import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { silentLog } from '../../src/base/log.ts'
import type { Database } from '../../src/store/database.ts'
import { openPglite } from '../../src/store/pglite.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { copyEmbedded } from './embedded-template.ts'

export const MIGRATIONS = join(import.meta.dirname, '../../db/migrations')

/** A server on which the tests may make databases. */
const SERVER = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

const administer = async (sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: SERVER })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Makes an empty database on the real Postgres. */
export const createPostgres = async (): Promise<{ url: string; drop: () => Promise<void> }> => {
  const name = `berth_test_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name}`)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) }
}

const isPostgresThere = async (): Promise<boolean> => {
  try {
    await administer('select 1')
    return true
  } catch (error) {
    if (process.env['CI']) throw error
    return false
  }
}

/** On a machine without a Postgres its tests are skipped and say so; CI has one, and there they fail. */
export const skipWithoutPostgres = async (context: Mocha.Context): Promise<void> => {
  if (await isPostgresThere()) return
  console.warn(`skipped: no Postgres at ${SERVER}; start one or set TEST_DATABASE_URL`)
  context.skip()
}

type Opened = { database: Database; close: () => Promise<void> }

export const DATABASE_KINDS = ['embedded', 'postgres'] as const satisfies Database['kind'][]

/** Opens an empty database of a kind; closing it removes it. */
export const OPEN: Readonly<Record<Database['kind'], () => Promise<Opened>>> = {
  embedded: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bt-'))
    await copyEmbedded(join(folder, 'pg'))
    const database = await openPglite(join(folder, 'pg'))
    return {
      database,
      close: async () => {
        await database.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
  postgres: async () => {
    const { url, drop } = await createPostgres()
    const database = await openPostgres(url, silentLog)
    return {
      database,
      close: async () => {
        await database.close()
        await drop()
      },
    }
  },
}

/** Runs the same tests on the embedded database and on the real Postgres, each empty at first. */
export const onEveryDatabase = (title: string, tests: (database: () => Database) => void): void => {
  for (const kind of DATABASE_KINDS)
    describe(`${title} (${kind})`, function () {
      this.timeout(30_000)
      let opened: Opened | undefined
      before(async function () {
        this.timeout(60_000)
        if (kind === 'postgres') await skipWithoutPostgres(this)
        opened = await OPEN[kind]()
      })
      after(() => opened?.close())
      tests(() => {
        if (!opened) throw new Error('the database is opened before the tests')
        return opened.database
      })
    })
}
