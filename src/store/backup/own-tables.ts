import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../database.ts'

/** As the migrations are numbered; Postgrator's own record of them is no data. */
const CREATED = /^\s*create table (?:if not exists )?(\w+)/gim

/**
 * The tables of Berth that are there, in the order in which their rows can be inserted. What belongs to another program, an
 * adopted `users` or tables of the older model, is none of them.
 *
 * @param after only those that came with later versions of the schema
 */
export const listOwnTables = async (
  database: Database,
  migrations: string,
  after = 0,
): Promise<string[]> => {
  const files = readdirSync(migrations).filter((name) => name.includes('.do.') && Number.parseInt(name) > after).sort() // prettier-ignore
  const names = files.flatMap(
    (file) =>
    [...readFileSync(join(migrations, file), 'utf8').matchAll(CREATED)].map(([, name = '']) => name.toLowerCase()), // prettier-ignore
  )
  const rows = await database.query<{ name: string }>(
    `select name from unnest($1::text[]) with ordinality as t (name, position) where to_regclass(name) is not null
       and (name <> 'users' or obj_description(to_regclass(name), 'pg_class') = 'made by berth')
     order by position`,
    [[...new Set(names)]],
  )
  return rows.map(({ name }) => name)
}

/** How many rows a table of {@link listOwnTables} has. */
export const countRows = async (database: Database, table: string): Promise<number> => {
  const rows = await database.query<{ count: number }>(`select count(*)::float8 as count from ${table}`) // prettier-ignore
  return rows[0]?.count ?? 0
}
