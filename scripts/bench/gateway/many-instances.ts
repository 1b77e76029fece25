import { createHash } from 'node:crypto'
import pg from 'pg'
import { readConfig } from '../../../src/base/config.ts'
import { silentLog } from '../../../src/base/log.ts'
import { prepareDatabase } from '../../../src/compose/accounts/open.ts'
import { openPostgres } from '../../../src/store/postgres.ts'

const SERVICE = 'bench'
const hex = (text: string): string => createHash('md5').update(text).digest('hex')

/** The instances of a bench are numbered: everything about one follows from its number, here as in the database. */
export const handleOf = (n: number): string =>
  `ben_user_${hex(`u${n}`).slice(0, 8)}_${hex(`h${n}`).slice(0, 6)}`
export const secretOf = (n: number): string => `S${String(n).padStart(21, '0')}`
export const pathOf = (n: number): string => `/${handleOf(n)}_${secretOf(n)}/${SERVICE}`

type Range = { from: number; to: number }

const USERS = `insert into users (id, email) select md5('u' || n)::uuid, n || '@bench' from generate_series($1::int, $2::int) n`
const INSTANCES = `
  insert into user_service_instances
    (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, is_active)
  select 'ben_user_' || left(md5('u' || n), 8) || '_' || left(md5('h' || n), 6), md5('u' || n)::uuid, '${SERVICE}', 'none',
    sha256(('S' || lpad(n::text, 21, '0'))::bytea), 'none', $3
  from generate_series($1::int, $2::int) n`

/** Makes numbered instances, without keys that open. No trigger announces them: nobody can have heard of them. */
export const insertMany = async (
  url: string,
  { from, to, isActive }: Range & { isActive: boolean },
): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('set session_replication_role = replica')
    await client.query(USERS, [from, to])
    await client.query(INSTANCES, [from, to, isActive])
    await client.query('vacuum analyze users, user_service_instances')
    await client.query('checkpoint') // else it comes while something is measured
  } finally {
    await client.end()
  }
}

/** What the database does for a lookup of the gateway's. */
export const explainLookup = async (url: string, n: number): Promise<string[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, costs off) select instance_id from user_service_instances
       where instance_id = $1 and secret_hash = $2 and service_type = $3 and is_active`,
      [handleOf(n), createHash('sha256').update(secretOf(n)).digest(), SERVICE],
    )
    return rows.map((row) => row['QUERY PLAN'])
  } finally {
    await client.end()
  }
}

const PAGE = 5_000
const KEYS = `
  update user_service_instances set encrypted_api_key = k from unnest($1::text[], $2::text[]) as t(i, k)
  where instance_id = i`

/** Gives numbered instances keys that open, so that they can be used. */
export const sealKeys = async (
  url: string,
  env: Readonly<Record<string, string>>,
  { from, to }: Range,
): Promise<void> => {
  const database = await openPostgres(url, silentLog)
  const vault = await prepareDatabase(readConfig({ ...env, DATABASE_URL: url }), database)
  const seal = (n: number): string => {
    const userId = hex(`u${n}`).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    const place = { handle: handleOf(n), userId, service: SERVICE, column: 'encrypted_api_key' }
    return vault.seal(place, JSON.stringify({ api_key: 'k'.repeat(40) }))
  }
  try {
    for (let first = from; first <= to; first += PAGE) {
      const size = Math.min(PAGE, to - first + 1)
      const numbers = Array.from({ length: size }, (_, index) => first + index)
      await database.query(KEYS, [numbers.map(handleOf), numbers.map(seal)])
    }
  } finally {
    await vault.watch.stop()
    await database.close()
  }
}
