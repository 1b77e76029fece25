import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../database.ts'

/** As the migrations are numbered; Postgrator's own record of them is no data. */
const CREATED = /^\s*create table (?:if not exists )?(\w+)/gim

/**
 * The tables of Berth that are there, in the order in which their rows can be inserted. What belongs to another program, an
 * adopted `users` or tables of the older model, is none of them.
 */
export const listOwnTables = async (database: Database, migrations: string): Promise<string[]> => {
  const files = readdirSync(migrations).filter((name) => name.includes('.do.')).sort() // prettier-ignore
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
