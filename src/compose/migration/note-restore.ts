import { noteAuditEnd, readAuditEnd, resetAuditEnd } from '../../audit/end-file.ts'
import type { Config } from '../../base/config.ts'
import { RESTORED } from '../../model/audit.ts'
import { auditEnd, findAuditLogId } from '../../store/audit.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'
import { openAudit } from '../accounts/audit.ts'

type Parts = { config: Config; database: Database; vault: Vault }

/**
 * Says in the audit log that a backup took the place of what was there, and how many entries went with that. The home's
 * knowledge of the log's end goes back with it: that stands in a file, so a writer of the database alone cannot pass a log
 * that was cut for a restored one.
 */
export const noteRestore = async (parts: Parts, madeAt: string): Promise<void> => {
  const { config, database } = parts
  const file = config.home.auditEndFile
  const logId = await findAuditLogId(database)
  const { seq } = await auditEnd(database)
  const lost = Math.max(0, (readAuditEnd(file, logId)?.seq ?? 0) - seq)
  const record = await openAudit(parts)
  await record({ actor: 'berth', action: RESTORED, target: '', from: 'local', details: { madeAt, lost } }) // prettier-ignore
  const end = await auditEnd(database)
  if (lost > 0) resetAuditEnd(file, logId, end)
  else noteAuditEnd(file, logId, end)
}
