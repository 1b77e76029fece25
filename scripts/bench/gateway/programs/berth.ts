// Berth's front server with gateway, vault, store and a real instance, and nothing of the fleet: the service is the upstream.
import { randomBytes } from 'node:crypto'
import { readConfig } from '../../../../src/base/config.ts'
import { prepareHome } from '../../../../src/base/home.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { createHostCheck } from '../../../../src/gateway/allowed-hosts.ts'
import { createFrontServer } from '../../../../src/gateway/server.ts'
import { composeGateway } from '../../../../src/compose/gateway/parts.ts'
import { makeHandle, makeInstanceSecret, hashSecret } from '../../../../src/model/instance.ts'
import type { Service } from '../../../../src/model/service.ts'
import { openDatabase, prepareDatabase } from '../../../../src/compose/accounts/open.ts'
import { insertInstance } from '../../../../src/store/instances.ts'
import { insertUser } from '../../../../src/store/users.ts'

const SERVICE = 'bench'
/** Every limit is counted, and none is reached. */
const HIGH = 1_000_000_000
const SERVICE_ENTRY: Service = {
  name: SERVICE,
  displayName: SERVICE,
  description: '',
  category: 'general',
  port: 1,
  api: { baseURL: 'https://api.bench.test', version: 'v1', documentation: '' },
  auth: { type: 'none', fields: [], inject: {} },
  tools: [],
  limits: { requestsPerSecond: HIGH, burst: HIGH, concurrent: HIGH, maxBodyBytes: HIGH },
}

// Between two measurements of its memory.
process.on('SIGUSR2', () => globalThis.gc?.())

const main = async (): Promise<void> => {
  const upstream = Number(process.argv[2])
  const config = readConfig()
  prepareHome(config.home, config.pm2Home)
  const database = await openDatabase(config, silentLog)
  const vault = await prepareDatabase(config, database)
  const { gateway, runnable } = composeGateway({
    config,
    database,
    vault,
    portOf: (service) => (service === SERVICE ? upstream : undefined),
    recordAudit: () => Promise.resolve(),
    services: () => [SERVICE_ENTRY],
    log: silentLog,
  })
  await runnable.start()
  const user = await insertUser(database, `${randomBytes(6).toString('hex')}@example.com`)
  const [handle, secret] = [makeHandle(SERVICE, user.id), makeInstanceSecret()]
  const place = { handle, userId: user.id, service: SERVICE }
  const seal = (column: string, text: string) => vault.seal({ ...place, column }, text)
  await insertInstance(database, {
    ...place,
    sealedCredentials: seal('encrypted_api_key', JSON.stringify({ api_key: 'k'.repeat(40) })),
    secretHash: hashSecret(secret),
    sealedSecret: seal('sealed_secret', secret),
    sandbox: false,
    check: { verification: 'unverifiable', account: null, verifiedAt: null, checkTries: 0, checkAt: null }, // prettier-ignore
  })
  await createFrontServer({
    host: config.host,
    port: config.port,
    gateway,
    api: (_request, response) => response.writeHead(404).end(),
    checkHost: createHostCheck(config.baseUrl, []),
  }).start()
  process.stdout.write(`${JSON.stringify({ path: `/${handle}_${secret}/${SERVICE}` })}\n`)
}

await main()
