import type { IncomingMessage, ServerResponse } from 'node:http'
import { auditReads } from '../keys/audited-vault.ts'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/errors.ts'
import { sequence, type Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { composeGateway } from './parts.ts'
import { createHostCheck } from '../../gateway/allowed-hosts.ts'
import { sendError } from '../../gateway/errors.ts'
import { createFrontServer } from '../../gateway/server.ts'
import { meterDatabase, meterVault } from '../observation/metered.ts'
import { openTracing } from '../observation/tracing.ts'
import { openDatabase, prepareDatabase } from '../accounts/open.ts'
import { openAuditLog } from '../accounts/audit.ts'
import { createMeters, type Meters } from '../../model/meters.ts'
import type { OpenVault } from '../keys/open-vault.ts'
import { publishMeters } from './meters-files.ts'
import { createPublishedFleet, type PublishedFleet } from './published-fleet.ts'
import type { Database } from '../../store/database.ts'

/** What others call a process that has this role. */
export const GATEWAY_ROLE = 'gateway'

export type GatewayRoleOptions = {
  config: Config
  /** How many processes have this role at this address: each has its part of the limits. */
  processes: number
  log: Log
}

/**
 * Makes one process of the gateway role: instance URLs, `/health`, `/ready`, nothing else. The hosts are those of this
 * machine; a daemon keeps them, and has the API.
 *
 * @throws AppError `config_invalid` for the embedded database, which one process owns
 */
export const createGatewayRole = (options: GatewayRoleOptions): Runnable => {
  const { config, log } = options
  requirePostgres(config)
  const fleet = createPublishedFleet(config.home, log)
  const meters = createMeters()
  const late: { opened?: Opened; server?: Runnable } = {}
  const stores: Runnable = {
    name: 'database',
    start: async () => {
      const database = meterDatabase(await openDatabase(config, log.child('store')), meters)
      const vault = await prepareDatabase(config, database, GATEWAY_ROLE)
      late.opened = { database, vault, fleet, meters }
      vault.watch.logTo(log.child('keys'))
      await vault.watch.start()
    },
    stop: async () => {
      await late.opened?.vault.watch.stop()
      await late.opened?.database.close()
    },
  }
  const server: Runnable = {
    name: 'server',
    start: async () => {
      if (late.opened) late.server = await createServerPart(options, late.opened)
      await late.server?.start()
    },
    stop: async () => late.server?.stop(),
  }
  return sequence(
    GATEWAY_ROLE,
    [fleet, publishMeters({ home: config.home, meters, log }), stores, server],
    log,
  )
}

/** @throws AppError `config_invalid` */
export const requirePostgres = (config: Config): void => {
  if (config.databaseUrl !== undefined) return
  throw new AppError(
    'config_invalid',
    'berth gateway needs a Postgres: the embedded database belongs to the daemon alone. Set DATABASE_URL or ' +
      'DATABASE_URL_FILE to the one that the daemon uses.',
  )
}

type Opened = { database: Database; vault: OpenVault; fleet: PublishedFleet; meters: Meters }

const createServerPart = async (
  { config, processes, log }: GatewayRoleOptions,
  { database, vault, fleet, meters }: Opened,
): Promise<Runnable> => {
  const audit = await openAuditLog({ config, database, vault })
  const { gateway, oldUrls, runnable } = composeGateway({
    config,
    database,
    vault: auditReads(meterVault(vault, meters), audit.record),
    meters,
    portOf: fleet.portOf,
    stateOf: fleet.stateOf,
    services: fleet.services,
    processes,
    recordAudit: audit.record,
    tracing: await openTracing({ config, processName: GATEWAY_ROLE, log }),
    log,
  })
  const checkHost = createHostCheck(config.baseUrl, [config.host, ...config.allowedHosts])
  const { host, port } = config
  const probes = createProbes(fleet)
  const api = oldUrls?.before(probes) ?? probes
  const server = createFrontServer({ host, port, gateway, api, checkHost })
  return sequence('server', [runnable, server], log)
}

/**
 * `/health`: this process lives. `/ready`: it knows services to forward to. The database does not count: with it away,
 * what is remembered is served for a while, by all gateways alike.
 */
const createProbes =
  (fleet: PublishedFleet) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = String(request.headers['x-request-id'])
    const answer = probe(fleet, request)
    if (!answer) {
      const message = 'Instance URLs, /health and /ready are here; the API is at the daemon.'
      sendError(response, new AppError('not_found', message), requestId)
      return
    }
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
    })
    response.end(JSON.stringify(answer.body))
  }

const probe = (fleet: PublishedFleet, { method = '', url = '' }: IncomingMessage) => {
  if (!['GET', 'HEAD'].includes(method)) return undefined
  const path = url.split('?')[0]
  const services = fleet.services().length
  const isReady = services > 0
  if (path === '/health')
    return { status: 200, body: { status: 'alive', role: GATEWAY_ROLE, pid: process.pid } }
  if (path === '/ready')
    return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'starting', services } } // prettier-ignore
  return undefined
}
