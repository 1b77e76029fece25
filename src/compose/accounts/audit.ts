import { noteAuditEnd, readAuditEnd } from '../../audit/end-file.ts'
import { createAuditRecorder } from '../../audit/recorder.ts'
import { verifyAudit } from '../../audit/verify.ts'
import type { Config } from '../../base/config.ts'
import {
  hashCheckpoint,
  type AuditEnd,
  type AuditRow,
  type AuditVerdict,
  type AuditView,
  type By,
  type RecordAudit,
} from '../../model/audit.ts'
import {
  appendAudit,
  cutAudit,
  findAuditLogId,
  listAudit,
  newestCheckpoint,
  signCheckpoint,
  type AuditFilter,
} from '../../store/audit.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'

type Parts = { config: Config; database: Database; vault: Vault }

/** The audit log of a database. */
export type AuditLog = {
  record: RecordAudit
  /** Newest first. */
  list: (filter: AuditFilter) => Promise<AuditView[]>
  verify: () => Promise<AuditVerdict>
  /** Cuts away what is older. @returns how many entries */
  prune: (before: Date, by: By) => Promise<number>
}

/** Joins store and vault to the audit log that routes, gateways and commands write. */
export const openAuditLog = async ({ config, database, vault }: Parts): Promise<AuditLog> => {
  const logId = await findAuditLogId(database)
  const file = config.home.auditEndFile
  const record = createAuditRecorder({
    logId,
    append: (link) => appendAudit(database, link),
    sign: vault.sign,
    noteEnd: (end) => noteAuditEnd(file, logId, end),
    now: () => new Date(),
  })
  return {
    record,
    list: async (filter) => (await listAudit(database, filter)).map(toView),
    verify: () =>
      verifyAudit({
        logId,
        checkpoint: () => newestCheckpoint(database),
        read: (after, limit) => listAudit(database, { after, limit }),
        check: vault.check,
        end: readAuditEnd(file, logId),
      }),
    prune: async (before, by) => {
      const removed = await cutAudit(database, before, (end) => checkpointAt(logId, vault, end))
      if (removed > 0)
        await record({ ...by, action: 'audit.prune', target: '', details: { removed } })
      return removed
    },
  }
}

/** Only the entries are written. */
export const openAudit = async (parts: Parts): Promise<RecordAudit> =>
  (await openAuditLog(parts)).record

const checkpointAt = (logId: string, vault: Vault, { seq, hash }: AuditEnd) => {
  const checkpoint = { seq, hash, at: new Date() }
  return { ...checkpoint, ...vault.sign(hashCheckpoint(logId, checkpoint)) }
}

/** The signature under which a log was cut outlives the key that made it. */
export const resignCheckpoint = async ({ database, vault }: Omit<Parts, 'config'>) => {
  const logId = await findAuditLogId(database)
  const known = await newestCheckpoint(database)
  if (!known || vault.check(hashCheckpoint(logId, known), known) !== 'right') return
  await signCheckpoint(database, { ...known, ...vault.sign(hashCheckpoint(logId, known)) })
}

const toView = (row: AuditRow): AuditView => ({
  seq: row.seq,
  at: row.at.toISOString(),
  actor: row.actor,
  action: row.action,
  target: row.target,
  from: row.from,
  details: JSON.parse(row.details) as AuditView['details'],
})
