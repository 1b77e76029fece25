import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { prepareHome } from '../../src/base/home.ts'
import { silentLog } from '../../src/base/log.ts'
import { createHostCheck } from '../../src/gateway/allowed-hosts.ts'
import { createFrontServer } from '../../src/gateway/server.ts'
import { composeGateway } from '../../src/compose/gateway/parts.ts'
import { hashSecret, makeHandle, makeInstanceSecret } from '../../src/model/instance.ts'
import { prepareDatabase } from '../../src/compose/accounts/open.ts'
import type { OpenVault } from '../../src/compose/keys/open-vault.ts'
import type { Database } from '../../src/store/database.ts'
import { insertInstance } from '../../src/store/instances.ts'
import { openPglite } from '../../src/store/pglite.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { insertUser } from '../../src/store/users.ts'
import { createPostgres } from './databases.ts'
import { findFreePorts } from './free-ports.ts'
import { UNCHECKED } from './services.ts'

/** An instance of the older model and what became of it here. */
export type Moved = {
  oldId: string
  token: string
  handle: string
  userId: string
  email: string
  /** Its old URL's path. */
  path: string
}

/** Makes a user with an instance of a service, as if a migration had moved it from the older model. */
const moveInstance = async (
  { database, vault }: { database: Database; vault: OpenVault },
  service: string,
): Promise<Moved> => {
  const [oldId, token] = [randomUUID(), randomBytes(16).toString('hex')]
  const email = `${token.slice(0, 12)}@example.com`
  const user = await insertUser(database, email)
  const handle = makeHandle(service, user.id)
  const seal = (column: string, text: string) => vault.seal({ handle, userId: user.id, service, column }, text) // prettier-ignore
  const secret = makeInstanceSecret()
  await insertInstance(database, {
    handle,
    userId: user.id,
    service,
    sealedCredentials: seal('encrypted_api_key', JSON.stringify({ api_key: `key-${token}` })),
    secretHash: hashSecret(secret),
    sealedSecret: seal('sealed_secret', secret),
    sandbox: false,
    check: UNCHECKED,
  })
  await database.query(
    `insert into migration_ledger
       (old_instance_id, old_type, old_token_hash, user_id, outcome, instance_id, source_hash, run_id)
     values ($1, $2, $3, $4, 'moved', $5, '', $1)`,
    [oldId, service, hashSecret(token), user.id, handle],
  )
  return { oldId, token, handle, userId: user.id, email, path: `/${oldId}/mcp/${service}` }
}

type World = { kind: Database['kind']; folder: string; legacyUrl?: string; ports: Readonly<Record<string, number>> } // prettier-ignore

/** The gateway in front of both worlds, over a database of its own. */
export const openOldWorld = async ({ kind, folder, legacyUrl, ports }: World) => {
  const server = kind === 'postgres' ? await createPostgres() : undefined
  const database = server ? await openPostgres(server.url, silentLog) : await openPglite(undefined)
  const [port = 0] = await findFreePorts(1)
  const config = readConfig({
    BERTH_HOME: join(folder, `${kind}-${port}`),
    PORT: String(port),
    ...(legacyUrl && { BERTH_LEGACY_URL: legacyUrl }),
    ...(server && { DATABASE_URL: server.url }),
  })
  prepareHome(config.home, config.pm2Home)
  const vault = await prepareDatabase(config, database)
  const parts = composeGateway({
    config,
    database,
    vault,
    portOf: (service) => ports[service],
    services: () => [],
    recordAudit: () => Promise.resolve(),
    log: silentLog,
  })
  const api = (_request: unknown, response: { writeHead: (status: number) => { end: () => void } }) => response.writeHead(299).end() // prettier-ignore
  const front = createFrontServer({
    host: '127.0.0.1',
    port,
    gateway: parts.gateway,
    api: parts.oldUrls?.before(api) ?? api,
    checkHost: createHostCheck(config.baseUrl, []),
  })
  await parts.runnable.start()
  await front.start()
  return {
    url: config.baseUrl,
    config,
    database,
    vault,
    oldUrls: parts.oldUrls,
    move: (service: string) => moveInstance({ database, vault }, service),
    stop: async () => {
      await front.stop()
      await parts.runnable.stop()
      await database.close()
      await server?.drop()
    },
  }
}
