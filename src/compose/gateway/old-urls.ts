import type { IncomingMessage, ServerResponse } from 'node:http'
import { sequence, type Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { createForwarded } from '../../gateway/forwarded.ts'
import type { Gateway } from '../../gateway/gateway.ts'
import { createFindings } from '../../cutover/findings.ts'
import type { Grants } from '../../gateway/old-urls/grants.ts'
import { createObservations } from '../../gateway/old-urls/observations.ts'
import { createOldServer } from '../../gateway/old-urls/old-server.ts'
import { createOldUrls, type Shared } from '../../gateway/old-urls/old-urls.ts'
import { createReach } from '../../gateway/old-urls/reach.ts'
import { serverCall } from '../../gateway/server-call.ts'
import { createRoutingWatch } from '../../gateway/old-urls/routing-watch.ts'
import { addSamples } from '../../store/cutover-samples.ts'
import type { SampleRow } from '../../model/cutover-sample.ts'
import type { Meters } from '../../model/meters.ts'
import type { Database } from '../../store/database.ts'
import { findMovedByOldId, findMovedByTokenHash } from '../../store/moved-instances.ts'
import { readOldRouting } from '../../store/old-routing.ts'
import { addOldUses } from '../../store/old-url-usage.ts'

type Options = {
  legacyUrl: string
  baseUrl: string
  trustedProxies: readonly string[]
  database: Database
  gateway: Gateway
  grants: Grants
  portOf: (service: string) => number | undefined
  /** By default nobody looks. */
  meters?: Meters | undefined
  log: Log
}

type Api = (request: IncomingMessage, response: ServerResponse) => void

export type OldUrlParts = {
  /** The gateway for upgrades, which knows old URLs too. */
  gateway: Gateway
  /** What is no instance URL, is asked for here first. */
  before: (api: Api) => Api
  /** The routing was changed. */
  reload: () => Promise<void>
  /** What was moved may be another. */
  forget: () => void
  runnable: Runnable
}

/** The URLs of the older model, over ledger, routing and gateway. */
export const composeOldUrls = (options: Options): OldUrlParts => {
  const { legacyUrl, database, gateway, log } = options
  const watch = createRoutingWatch(() => readOldRouting(database), log)
  const findings = createFindings()
  const observations = createObservations({
    writeSamples: (rows) => addSamples(database, rows),
    writeUses: (rows) => addOldUses(database, rows),
    log,
  })
  const addSample = (row: SampleRow): void => {
    observations.addSample(row)
    // Errors are acted upon here and now; the daemon hears of it at once too, and reverts for all.
    if (findings.add(row) === 'found') void observations.flush()
  }
  const oldUrls = createOldUrls({
    findMovedByOldId: (oldId) => findMovedByOldId(database, oldId),
    findMovedByTokenHash: (hash) => findMovedByTokenHash(database, hash),
    oldServer: createOldServer(legacyUrl, createForwarded(options.trustedProxies)),
    routing: () => findings.correct(watch.current()),
    serveShared: (request, response, to) => {
      address(options, request, to)
      gateway.handle(serverCall(request, response, to.requestId))
    },
    upgradeShared: (request, socket, to) => {
      address(options, request, to)
      gateway.upgrade(request, socket, to)
    },
    isUp: createReach(options.portOf),
    observations: { ...observations, addSample },
    countWay: (way) => options.meters?.cutoverRequests.count(way),
    pageUrl: `${options.baseUrl}/`,
    log,
  })
  return {
    gateway: withOldUrls(gateway, oldUrls),
    before: (api) => (request, response) => {
      if (!oldUrls.handle(request, response)) api(request, response)
    },
    reload: watch.reload,
    forget: oldUrls.flush,
    runnable: sequence('old URLs', [watch, observations], log),
  }
}

const withOldUrls = (gateway: Gateway, oldUrls: ReturnType<typeof createOldUrls>): Gateway => ({
  ...gateway,
  upgrade: (request, socket, given) => {
    if (gateway.upgrade(request, socket, given)) return true
    request.headers['x-request-id'] = given.requestId
    return oldUrls.upgrade(request, socket, given.head)
  },
  close: () => {
    gateway.close()
    oldUrls.close()
  },
})

/** Makes it a request of its owner at the instance's own URL: the old URL has proved whose it is. */
const address = (
  { grants }: Options,
  request: IncomingMessage,
  { instance, path }: Shared,
): void => {
  request.url = `/${instance.instanceId}/${instance.service}${path}`
  request.headers.authorization = grants.headerFor(instance.userId)
}
