import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Database } from '../database.ts'

const ROWS = 1_000

/** Writes the tables' rows as gzipped JSON lines `["<table>", {row}]`, as they are at one moment. */
export const copyRowsTo = (
  database: Database,
  tables: readonly string[],
  file: string,
): Promise<void> =>
  database.transaction(async (transaction) => {
    await transaction.query('set transaction isolation level repeatable read, read only')
    await pipeline(
      Readable.from(linesOf(transaction, tables)),
      createGzip(),
      createWriteStream(file, { mode: 0o600, flags: 'wx' }),
    )
  })

const linesOf = async function* (
  database: Database,
  tables: readonly string[],
): AsyncGenerator<string> {
  for (const table of tables) {
    await database.query(`declare copied no scroll cursor for select to_jsonb(t)::text as row from ${table} t`) // prettier-ignore
    for (;;) {
      const rows = await database.query<{ row: string }>(`fetch ${ROWS} from copied`)
      if (rows.length === 0) break
      yield rows.map(({ row }) => `["${table}",${row}]\n`).join('')
    }
    await database.query('close copied')
  }
}

/** Puts rows in the place of those that the tables have, all or nothing. */
export const copyRowsFrom = (
  database: Database,
  tables: readonly string[],
  file: string,
): Promise<void> =>
  database.transaction(async (transaction) => {
    for (const table of [...tables].reverse()) await transaction.query(`delete from ${table}`)
    const lines = createInterface({ input: createReadStream(file).pipe(createGunzip()) })
    let held: { table: string; rows: object[] } = { table: '', rows: [] }
    const flush = async (): Promise<void> => {
      if (held.rows.length > 0 && tables.includes(held.table)) await insert(transaction, held)
    }
    for await (const line of lines) {
      const [table, row] = JSON.parse(line) as [string, object]
      if (table !== held.table || held.rows.length === ROWS) {
        await flush()
        held = { table, rows: [] }
      }
      held.rows.push(row)
    }
    await flush()
    await setCounters(transaction, tables)
  })

/** Rows that are made from now on get numbers behind those that were restored. */
const setCounters = async (database: Database, tables: readonly string[]): Promise<void> => {
  const counted = await database.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = any (current_schemas(false)) and table_name = any ($1) and is_identity = 'YES'`,
    [tables],
  )
  for (const { table, column } of counted)
    await database.query(
      `select setval(pg_get_serial_sequence('${table}', '${column}'), max(${column})) from ${table} having count(*) > 0`,
    )
}

const insert = (database: Database, { table, rows }: { table: string; rows: object[] }) =>
  database.query(
    `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`,
    [JSON.stringify(rows)],
  )
