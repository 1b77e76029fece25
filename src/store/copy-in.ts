import pg from 'pg'

/** What the driver's connection has, and its types do not name. */
type Connection = Pick<pg.Connection, 'stream'> & {
  query: (sql: string) => void
  sendCopyFromChunk: (chunk: Buffer) => void
  endCopyFrom: () => void
}

/**
 * `copy … from stdin` of rows that are there already: they follow the statement at once. A server that refuses it reads over
 * them, as the protocol wants.
 *
 * @param into `table (columns)`
 */
export const copyIn = (client: pg.PoolClient, into: string, rows: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const query = new pg.Query('', (error) => {
      if (error) reject(error)
      else resolve()
    })
    const submit = (connection: Connection): void => {
      connection.stream.cork()
      connection.query(`copy ${into} from stdin`)
      connection.sendCopyFromChunk(rows)
      connection.endCopyFrom()
      connection.stream.uncork()
    }
    client.query(Object.assign(query, { submit, handleCopyInResponse: () => undefined }))
  })
