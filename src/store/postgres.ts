import pg from 'pg'
import { AppError, messageOf, systemCodeOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { copyIn } from './copy-in.ts'
import type { Database, QueryHow } from './database.ts'

const POOL_SIZE = 10
const CONNECT_MS = 5_000
const QUERY_MS = 10_000
/** The longest that a timer can wait; pg takes 0 for "as the pool says". */
const UNBOUNDED_MS = 2 ** 31 - 1

type Client = pg.Pool | pg.PoolClient

export type PostgresOptions = {
  /** How long one statement may take; by default as long as a request can wait. */
  queryMs?: number
  connections?: number
}

/**
 * Opens a pool and checks that the database answers.
 * @throws AppError `database_unavailable`; the message names host and database, never the password
 */
export const openPostgres = async (
  url: string,
  log: Log,
  { queryMs = QUERY_MS, connections = POOL_SIZE }: PostgresOptions = {},
): Promise<Database> => {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryMs,
    application_name: 'berth',
  })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => log.warn('database connection lost', { error }))
  const database = databaseOver(pool, pool)
  try {
    await database.query('select 1')
  } catch (cause) {
    await pool.end()
    throw cause
  }
  return database
}

/** Of prepared statements. */
const names = new Map<string, string>()

const nameOf = (sql: string): string => {
  const name = names.get(sql) ?? `berth_${names.size}`
  names.set(sql, name)
  return name
}

const PLAN_OUTDATED = '0A000'

/** A column that it answers has another type since it was prepared. */
const ifOutdated =
  <Result>(ask: () => Promise<Result>) =>
  (error: unknown): Promise<Result> => {
    if (systemCodeOf(error) === PLAN_OUTDATED) return ask()
    throw error
  }

const databaseOver = (client: Client, pool: pg.Pool): Database => ({
  kind: 'postgres',
  query: async <Row>(sql: string, values: readonly unknown[] = [], how?: QueryHow) => {
    const ask = (name?: string) => client.query({ ...(name && { name }), text: sql, values: [...values] }) // prettier-ignore
    try {
      const result = how?.isPrepared ? await ask(nameOf(sql)).catch(ifOutdated(ask)) : await ask()
      return result.rows as Row[]
    } catch (error) {
      throw translate(error)
    }
  },
  script: async (sql) => {
    await client.query({ text: sql, query_timeout: UNBOUNDED_MS } as pg.QueryConfig)
  },
  transaction: async (work) => {
    const connection = await pool.connect().catch(rethrow)
    // One that breaks between two queries would end the process; the next query fails, which is enough.
    connection.on('error', ignore)
    const release = (isBroken: boolean): void => {
      if (!isBroken) connection.off('error', ignore)
      connection.release(isBroken)
    }
    try {
      await connection.query('begin')
      const result = await work({
        ...databaseOver(connection, pool),
        copy: (into, text) => copyIn(connection, into, text).catch(rethrow),
      })
      await connection.query('commit')
      release(false)
      return result
    } catch (error) {
      // A connection whose rollback fails is of no use to anybody else.
      await connection.query('rollback').then(() => release(false), () => release(true)) // prettier-ignore
      throw translate(error)
    }
  },
  pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  close: () => pool.end(),
})

const ignore = (): void => undefined

const rethrow = (error: unknown): never => {
  throw translate(error)
}

/** SQLSTATE classes 08 (connection) and 57 (operator intervention), and whatever the socket says. */
const translate = (error: unknown): unknown => {
  if (error instanceof AppError) return error
  const code = systemCodeOf(error) ?? ''
  const isConnection = /^(08|57|3D|28)/.test(code) || /^E[A-Z]+$/.test(code)
  const isTimeout =
    error instanceof Error && /timeout|terminated|not queryable/i.test(error.message)
  if (!isConnection && !isTimeout) return error
  return new AppError(
    'database_unavailable',
    `The database does not answer: ${messageOf(error) || code}. Check DATABASE_URL and that Postgres runs.`,
    { cause: error },
  )
}
