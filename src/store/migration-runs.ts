import { AppError } from '../base/errors.ts'
import type { Database } from './database.ts'

export type MigrationRun = {
  id: string
  /** Where the old database is, without its password. */
  source: string
  variant: 'a' | 'b'
  decoder: string
  onConflict: string
}

/** Any number, the same for all: of several runs one moves, and the others are refused. */
const ADVISORY_LOCK = 4_916_8
/** A process that was killed holds its lock until its database has noticed. */
const WAIT_MS = 10_000

/**
 * Does `work` while nobody else moves anything. The embedded database has one owner anyway.
 * @throws AppError `locked`
 */
export const lockMigration = <T>(database: Database, work: () => Promise<T>): Promise<T> =>
  database.kind === 'embedded'
    ? work()
    : database.transaction(async (transaction) => {
        // A connection that only holds the lock has nothing to say for as long as the work takes.
        await transaction.query('set local idle_in_transaction_session_timeout = 0')
        await transaction.query(`set local lock_timeout = ${WAIT_MS / 2}`)
        try {
          await transaction.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
        } catch (cause) {
          throw new AppError('locked', 'Another run of berth migrate works on this database. Wait until it has ended.', { cause }) // prettier-ignore
        }
        return work()
      })

/** A run that is noted as running, but does not hold the lock, was killed. */
export const startRun = async (database: Database, run: MigrationRun): Promise<void> => {
  await database.query(`update migration_runs set state = 'failed', finished_at = now() where state = 'running'`) // prettier-ignore
  await database.query(
    `insert into migration_runs (id, source, variant, decoder, on_conflict) values ($1, $2, $3, $4, $5)`,
    [run.id, run.source, run.variant, run.decoder, run.onConflict],
  )
}

export const finishRun = async (
  database: Database,
  id: string,
  { state, figures }: { state: 'done' | 'failed'; figures: object },
): Promise<void> => {
  await database.query(
    'update migration_runs set state = $2, finished_at = now(), figures = $3 where id = $1',
    [id, state, JSON.stringify(figures)],
  )
}
