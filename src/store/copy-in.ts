import pg from 'pg'

/** What the driver's connection has, and its types do not name. */
type Connection = { sendCopyFromChunk: (chunk: Buffer) => void; endCopyFrom: () => void }

/**
 * `copy … from stdin` of text that is there already. The driver's own query refuses what the server asks for then.
 * @param into `table (columns)`
 */
export const copyIn = (client: pg.PoolClient, into: string, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const query = new pg.Query(`copy ${into} from stdin`, (error) => {
      if (error) reject(error)
      else resolve()
    })
    const handleCopyInResponse = (connection: Connection): void => {
      connection.sendCopyFromChunk(Buffer.from(text, 'utf8'))
      connection.endCopyFrom()
    }
    client.query(Object.assign(query, { handleCopyInResponse }))
  })
