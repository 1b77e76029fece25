import type { Config } from '../../base/config.ts'
import type { FleetParts } from '../fleet/parts.ts'
import { controlSocketOf } from '../../fleet/ecosystem.ts'
import { measureHosts } from '../fleet/host-figures.ts'
import type { KeyDesk } from '../keys/desk.ts'
import { createGatewayMeters } from '../gateway/meters-files.ts'
import { createScrape } from '../../metrics/scrape.ts'
import type { FleetStatus } from '../../model/fleet.ts'
import { liveTraffic } from '../../model/live-traffic.ts'
import { addFigures, figuresOf, readingsOf } from '../../model/meter-figures.ts'
import type { Meters } from '../../model/meters.ts'
import type { UsageQuery } from '../../model/usage.ts'
import type { Database } from '../../store/database.ts'
import { countInstances, isInHistory } from '../../store/service-overview.ts'
import { listIdleInstances, sumUsage } from '../../store/usage-sums.ts'
import { createMigratedCount } from './migrated.ts'
import { packageVersion } from '../fleet/wanted.ts'

type Parts = Pick<FleetParts, 'supervisor'> & {
  config: Config
  meters: Meters
  database: Database
  status: () => FleetStatus
  keys: Pick<KeyDesk, 'job'>
}

/** What `/metrics`, `berth top` and the operator's overviews show. */
export const composeWatching = (parts: Parts) => {
  const { config, supervisor, meters, database } = parts
  const countMigrated = createMigratedCount(database)
  const gateways = createGatewayMeters(config.home)
  const readMeters = () => readingsOf(addFigures(figuresOf(meters), gateways()))
  const socketOf = (host: string) => controlSocketOf(config.home.run, host)
  return {
    fleetStatus: parts.status,
    countInstances: () => countInstances(database),
    isInHistory: (service: string) => isInHistory(database, service),
    sumUsage: (query: UsageQuery) => sumUsage(database, query),
    listIdle: (query: { before: Date; limit: number }) => listIdleInstances(database, query),
    scrape: createScrape(packageVersion(config), async () => ({
      meters: readMeters(),
      status: parts.status(),
      hosts: await measureHosts(supervisor.processes(), socketOf),
      pool: database.pool?.(),
      isRotating: parts.keys.job().isRunning,
      migrated: await countMigrated(),
    })),
    live: () => liveTraffic(readMeters().traffic),
  }
}
