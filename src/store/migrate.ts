import { join } from 'node:path'
import Postgrator from 'postgrator'
import { AppError, messageOf } from '../base/errors.ts'
import type { Database } from './database.ts'

export type MigrationStatus = { version: number; newest: number }

/** Any number, the same for all: whoever migrates this database waits for the others. */
const ADVISORY_LOCK = 4_916_0

/** SQL that never touches a database, for reading the versions of the files alone. */
const postgratorOver = (database: Database, folder: string): Postgrator =>
  new Postgrator({
    driver: 'pg',
    migrationPattern: join(folder, '*.sql'),
    schemaTable: 'berth_schema_version',
    execQuery: async (sql: string) => ({ rows: await database.query(sql) }),
    execSqlScript: (sql: string) => database.script(sql),
  })

/**
 * Brings the schema to a version: the newest by default, 0 to undo all. One transaction under an advisory lock, so that
 * several processes may try at once and a failure leaves the schema as it was. An applied file that was edited since is
 * refused.
 *
 * @returns what was run, as file names
 * @throws AppError `migration_failed`
 */
export const migrateDatabase = async (
  database: Database,
  folder: string,
  target: number | 'newest' = 'newest',
): Promise<string[]> => {
  try {
    return await database.transaction(async (transaction) => {
      // As a script, since a query has a deadline and another's migration may take longer.
      await transaction.script(`select pg_advisory_xact_lock(${ADVISORY_LOCK})`)
      const postgrator = postgratorOver(transaction, folder)
      await refuseNewer(postgrator)
      const applied = await postgrator.migrate(
        target === 'newest' ? 'max' : String(target).padStart(3, '0'),
      )
      return applied.map(
        (migration) =>
          `${String(migration.version).padStart(3, '0')}.${migration.action}.${migration.name}`,
      )
    })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError(
      'migration_failed',
      `The database schema could not be changed, and is as it was: ${messageOf(cause)}.`,
      { cause },
    )
  }
}

/** A schema of a later Berth may mean other things by the same names. */
const refuseNewer = async (postgrator: Postgrator): Promise<void> => {
  const [version, newest] = [
    await postgrator.getDatabaseVersion(),
    await postgrator.getMaxVersion(),
  ]
  if (version <= newest) return
  throw new AppError(
    'migration_failed',
    `The database has schema version ${version}, this Berth knows ${newest}. Install the Berth that made it, or a later one.`,
  )
}

/** Which version the schema has, and which the files would give it. */
export const migrationStatus = async (
  database: Database,
  folder: string,
): Promise<MigrationStatus> => {
  const postgrator = postgratorOver(database, folder)
  return {
    version: await postgrator.getDatabaseVersion(),
    newest: await postgrator.getMaxVersion(),
  }
}
