import { firstOf, type Database } from './database.ts'

/** The operator's registration with a service's authorization server. */
export type StoredClient = {
  service: string
  clientId: string
  /** Null for a public client. */
  sealedSecret: string | null
  updatedAt: Date
}

type Row = {
  service_type: string
  client_id: string
  sealed_client_secret: string | null
  updated_at: Date
}

const COLUMNS = 'service_type, client_id, sealed_client_secret, updated_at'

const toClient = (row: Row): StoredClient => ({
  service: row.service_type,
  clientId: row.client_id,
  sealedSecret: row.sealed_client_secret,
  updatedAt: row.updated_at,
})

export const findOAuthClient = async (
  database: Database,
  service: string,
): Promise<StoredClient | undefined> => {
  const rows = await database.query<Row>(
    `select ${COLUMNS} from oauth_clients where service_type = $1`,
    [service],
  )
  const row = firstOf(rows)
  return row && toClient(row)
}

/** By service; at most one each, so the registry bounds the answer. */
export const listOAuthClients = async (database: Database): Promise<StoredClient[]> =>
  (await database.query<Row>(`select ${COLUMNS} from oauth_clients order by service_type`)).map(
    toClient,
  )

export const putOAuthClient = async (
  database: Database,
  client: Pick<StoredClient, 'service' | 'clientId' | 'sealedSecret'>,
): Promise<void> => {
  await database.query(
    `insert into oauth_clients (service_type, client_id, sealed_client_secret) values ($1, $2, $3)
     on conflict (service_type) do update
       set client_id = excluded.client_id, sealed_client_secret = excluded.sealed_client_secret, updated_at = now()`,
    [client.service, client.clientId, client.sealedSecret],
  )
}

/** @returns whether there was one */
export const deleteOAuthClient = async (database: Database, service: string): Promise<boolean> => {
  const rows = await database.query(
    'delete from oauth_clients where service_type = $1 returning service_type',
    [service],
  )
  return rows.length > 0
}
