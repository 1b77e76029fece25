import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../base/config.ts'
import { AppError } from '../base/errors.ts'
import { findProcessesWith } from '../base/proc.ts'
import { checkHeldPorts } from '../doctor/held-ports.ts'
import { GATEWAY_APP, type FleetStatus, type ServiceStatus } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import { readStartFailure } from '../compose/fleet/start-failure.ts'
import type { Client } from './client.ts'
import { findDaemon } from './daemon-client.ts'
import { note, yellow } from './output.ts'
import { createProgress } from './progress.ts'
import { isUp } from './states.ts'

const DEADLINE_MS = 90_000
const POLL_MS = 100
/** A start that lasts longer than this has a reason that the operator wants to know. */
const SLOW_MS = 6_000

/** A service that is kept out of service, by the operator or for its crashes, is not waited for. */
const isDone = (service: ServiceStatus): boolean =>
  isUp(service) || service.state === 'stopped' || service.state === 'quarantined'

/**
 * Waits until every service answers, and says after a while what keeps some from it.
 *
 * @throws AppError the daemon's own reason when it cannot start; `fleet_incomplete` naming who did not answer
 */
export const waitUntilUp = async (
  config: Config,
  services: readonly Service[],
): Promise<FleetStatus> => {
  const total = services.length
  const progress = createProgress('Starting services', total)
  const ask = askDaemon(config)
  const until = Date.now() + DEADLINE_MS
  let status: FleetStatus | undefined
  const slow = setTimeout(() => void explain(config, services), SLOW_MS)
  try {
    while (Date.now() < until) {
      status = await ask()
      const missing = status ? missingIn(status).length : total
      progress.update(total - missing)
      if (status && missing === 0 && isGatewayUp(status)) return status
      await delay(POLL_MS)
    }
  } finally {
    clearTimeout(slow)
    progress.end()
  }
  throw incomplete(config, status)
}

/** Asks for the fleet's status; undefined while the daemon does not answer. */
const askDaemon = (config: Config) => {
  let client: Client | undefined
  return async (): Promise<FleetStatus | undefined> => {
    const failure = readStartFailure(config.home)
    if (failure) throw failure
    client ??= await findDaemon(config)
    return client?.get<FleetStatus>('/api/v1/admin/fleet').catch(() => undefined)
  }
}

/** A daemon of an older version says nothing of it. */
const isGatewayUp = ({ gateway }: FleetStatus): boolean => !gateway || gateway.state === 'running'

const missingIn = (status: FleetStatus | undefined): ServiceStatus[] =>
  (status?.services ?? []).filter((service) => !isDone(service))

/** Says who has ports of the fleet's. */
const explain = async ({ home }: Config, services: readonly Service[]): Promise<void> => {
  const verdicts = await checkHeldPorts({
    ports: new Map(services.map(({ name, port }) => [port, name])),
    ours: () => Promise.resolve(new Set(findProcessesWith('BERTH_HOME', home.root))),
  })
  for (const { level, what, fix } of verdicts)
    if (level !== 'ok') note(`${yellow('waiting:')} ${what}. ${fix}`)
}

const incomplete = (config: Config, status: FleetStatus | undefined): AppError => {
  if (!status)
    return new AppError(
      'fleet_incomplete',
      `The daemon did not answer within ${DEADLINE_MS / 1000} s. Its log: ${config.home.logs}/main-api.log`,
    )
  if (!isGatewayUp(status))
    return new AppError(
      'fleet_incomplete',
      `The gateway did not start. Its log: ${config.home.logs}/${GATEWAY_APP}.log`,
    )
  const missing = missingIn(status).map(({ service, port }) => `${service}:${port}`)
  const some =
    missing.slice(0, 10).join(', ') +
    (missing.length > 10 ? ` and ${missing.length - 10} more` : '')
  return new AppError(
    'fleet_incomplete',
    `${missing.length} services did not answer: ${some}. The hosts' logs are in ${config.home.logs}.`,
  )
}
