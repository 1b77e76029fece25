import { noteAuditEnd } from './audit/end-file.ts'
import { createAuditRecorder } from './audit/recorder.ts'
import type { Config } from './base/config.ts'
import type { RecordAudit } from './model/audit.ts'
import { appendAudit, findAuditLogId } from './store/audit.ts'
import type { Database } from './store/database.ts'
import type { Vault } from './vault/vault.ts'

type Parts = { config: Config; database: Database; vault: Vault }

/** Joins store and vault to the audit log that routes, gateways and commands write. */
export const openAudit = async ({ config, database, vault }: Parts): Promise<RecordAudit> => {
  const logId = await findAuditLogId(database)
  return createAuditRecorder({
    logId,
    append: (link) => appendAudit(database, link),
    sign: vault.sign,
    noteEnd: (end) => noteAuditEnd(config.home.auditEndFile, logId, end),
    now: () => new Date(),
  })
}
