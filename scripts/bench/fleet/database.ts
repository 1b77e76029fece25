import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** The same server as the tests'. */
const SERVER = process.env['TEST_DATABASE_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const CONNECT_MS = 5_000

const administer = async (sql: string): Promise<void> => {
  const client = new pg.Client({
    connectionString: SERVER,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  })
  try {
    await client.connect()
    await client.query(sql)
  } catch (cause) {
    throw new Error('a fleet is measured on Postgres; start one, or set TEST_DATABASE_URL', {
      cause,
    })
  } finally {
    await client.end().catch(() => undefined) // after a failed connect there is nothing to end
  }
}

/** Makes an empty database. */
export const createDatabase = async (): Promise<{ url: string; drop: () => Promise<void> }> => {
  const name = `berth_bench_${randomBytes(6).toString('hex')}`
  await administer(`create database ${name}`)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) }
}
