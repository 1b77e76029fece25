import type { Log } from '../base/log.ts'
import type { RecordAudit } from '../model/audit.ts'
import type { Changes, FleetStatus } from '../model/fleet.ts'
import type { Service } from '../model/service.ts'
import type { Accounts } from './accounts.ts'
import type { Identify } from './identify.ts'

/** What the routes need of the rest of the daemon. */
export type ApiNeeds = {
  accounts: Accounts
  identify: Identify
  /** Of the installed Berth. */
  version: string
  baseUrl: string
  services: () => readonly Service[]
  fleetStatus: () => FleetStatus
  /** What changes the running fleet. */
  fleet: {
    plan: () => Promise<Changes>
    apply: () => Promise<Changes>
    restart: (services: readonly string[]) => Promise<void>
    stopServices: (services: readonly string[]) => Promise<void>
    startServices: (services: readonly string[]) => Promise<void>
  }
  recordAudit: RecordAudit
  migrationStatus: () => Promise<{ version: number; newest: number }>
  log: Log
}
