import type { PGlite, Transaction } from '@electric-sql/pglite'
import type { Database } from './database.ts'

/**
 * Opens the embedded database: Postgres compiled to WebAssembly, in this process. The caller holds the lock on the folder:
 * two processes on one folder lose each other's rows.
 *
 * @param folder undefined: in memory
 */
export const openPglite = async (folder: string | undefined): Promise<Database> => {
  // Loaded late: with Postgres its 20 MB are never read.
  const { PGlite } = await import('@electric-sql/pglite')
  const pglite = await PGlite.create(folder === undefined ? {} : { dataDir: folder })
  return databaseOver(pglite, pglite)
}

const databaseOver = (client: PGlite | Transaction, pglite: PGlite): Database => ({
  kind: 'embedded',
  query: async <Row>(sql: string, values: readonly unknown[] = []) => {
    const result = await client.query<Row>(sql, [...values])
    return result.rows
  },
  script: async (sql) => {
    await client.exec(sql)
  },
  transaction: (work) =>
    pglite.transaction((transaction) =>
      work({
        ...databaseOver(transaction, pglite),
        copy: async (into, text) => {
          await transaction.query(`copy ${into} from '/dev/blob'`, [], { blob: new Blob([text]) })
        },
      }),
    ),
  close: () => pglite.close(),
})
