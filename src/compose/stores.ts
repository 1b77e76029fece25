import { auditReads } from './keys/audited-vault.ts'
import type { Config } from '../base/config.ts'
import type { Log } from '../base/log.ts'
import type { EventRecorder } from '../events/recorder.ts'
import { createKeyDesk, type KeyDesk } from './keys/desk.ts'
import { createKeyOperations } from './keys/operations.ts'
import { meterDatabase, meterVault } from './observation/metered.ts'
import type { Meters } from '../model/meters.ts'
import { openDatabase, prepareDatabase } from './accounts/open.ts'
import { openAuditLog, type AuditLog } from './accounts/audit.ts'
import type { OpenVault } from './keys/open-vault.ts'
import { warnOfOpenAudience } from './accounts/identity.ts'
import type { Database } from '../store/database.ts'
import { DAEMON_NAME } from './fleet/wanted.ts'

/** What every part of the daemon shares. */
export type Common = { config: Config; log: Log; events: EventRecorder; meters: Meters }

/** All that stands over the database. */
export type Stores = { database: Database; vault: OpenVault; audit: AuditLog; keys: KeyDesk }

/** Everything over the database. A rotation that an earlier process left unfinished goes on beside the rest. */
export const openStores = async ({ config, log, meters, events }: Common): Promise<Stores> => {
  const database = meterDatabase(await openDatabase(config, log.child('store')), meters)
  warnOfOpenAudience(config, log)
  const opened = await prepareDatabase(config, database, DAEMON_NAME)
  const audit = await openAuditLog({ config, database, vault: opened })
  const recordAudit = audit.record
  const vault = auditReads(meterVault(opened, meters), recordAudit)
  const operations = createKeyOperations({ config, database, vault, recordAudit })
  const rotated = {
    recordEvent: events.record,
    log: log.child('keys'),
    count: meters.rotations.count,
  }
  const keys = createKeyDesk(operations, rotated)
  vault.watch.logTo(log.child('keys'))
  await vault.watch.start()
  keys.resume().catch((error: unknown) => log.error('rotation not resumed', { error }))
  return { database, vault, audit, keys }
}
