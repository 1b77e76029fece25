/** How many connections a pool has, and who waits for one. */
type PoolFigures = { total: number; idle: number; waiting: number }

export type QueryHow = {
  /** Parsed and planned once by each connection: for the few that requests wait for. Their text is always the same. */
  isPrepared: boolean
}

/** The seam to a SQL database: Postgres, or PGlite in this process. */
export type Database = {
  readonly kind: 'embedded' | 'postgres'
  /** One statement with `$1` parameters. */
  query: <Row = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
    how?: QueryHow,
  ) => Promise<Row[]>
  /** Several statements without parameters: migrations. */
  script: (sql: string) => Promise<void>
  /** All or nothing; the work uses the database that it is given. */
  transaction: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>
  /** Connections; absent where there are none. */
  readonly pool?: () => PoolFigures
  close: () => Promise<void>
}

/** What a transaction can do besides. */
export type Transaction = Database & {
  /** Puts many rows, by `copyText`, into `table (columns)`. */
  copy: (into: string, text: Buffer) => Promise<void>
}

/** The only row of an answer that has one. */
export const firstOf = <Row>(rows: readonly Row[]): Row | undefined => rows[0]
