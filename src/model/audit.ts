import { createHash } from 'node:crypto'

/** Who did what to what, from where. Names and ids only: never a body, never a secret. */
export type AuditEntry = {
  /** `admin`, `user:<id>`, `token:<id>`, `system`, or `berth` for a command on the machine itself. */
  actor: string
  /** `<noun>.<verb>`: `instance.authenticate`, `token.revoke`, `keys.rotate`. */
  action: string
  /** What it was done to: a handle, `user:<id>`, `token:<id>`, a service; empty for the whole. */
  target: string
  /** The client's address, or `local`. */
  from: string
  details?: Readonly<Record<string, string | number | boolean>>
}

/** Who, and from where. */
export type By = Pick<AuditEntry, 'actor' | 'from'>

/**
 * Writes an entry to the audit log; done when it is committed.
 * @throws AppError `database_unavailable`, and `locked` when entries come faster than they can be written
 */
export type RecordAudit = (entry: AuditEntry) => Promise<void>

/** An entry as it is stored and hashed: every text as it stands in its column. */
export type AuditFacts = {
  /** Without gaps, from 1. */
  seq: number
  at: Date
  actor: string
  action: string
  target: string
  from: string
  /** A JSON object. */
  details: string
}

export type Signature = { kid: string; mac: Buffer }

/** An entry with its link: the hash over it and the entry before, and the hash's MAC under a key of the ring. */
export type AuditRow = AuditFacts & Signature & { hash: Buffer }

/** The end of a log as far as somebody knows it. */
export type AuditEnd = { seq: number; hash: Buffer }

/** Says that everything up to `seq` was there and was cut away on purpose. */
export type AuditCheckpoint = AuditEnd & Signature & { at: Date }

/** Before the first entry. */
export const AUDIT_BEGIN: AuditEnd = { seq: 0, hash: Buffer.alloc(32) }

const sha256 = (parts: readonly unknown[]): Buffer =>
  createHash('sha256').update(JSON.stringify(parts)).digest()

/** Binds an entry to everything before it. */
export const linkAudit = (logId: string, previous: Buffer, facts: AuditFacts): Buffer => {
  const { seq, at, actor, action, target, from, details } = facts
  const before = previous.toString('hex')
  return sha256(['berth-audit-1', logId, before, seq, at.toISOString(), actor, action, target, from, details]) // prettier-ignore
}

/** What the signature of a checkpoint stands for. */
export const hashCheckpoint = (logId: string, { seq, hash, at }: Omit<AuditCheckpoint, keyof Signature>): Buffer =>
  sha256(['berth-audit-checkpoint-1', logId, seq, hash.toString('hex'), at.toISOString()]) // prettier-ignore

/** An entry as it is shown. */
export type AuditView = Omit<AuditFacts, 'at' | 'details'> & {
  /** ISO 8601. */
  at: string
  details: NonNullable<AuditEntry['details']>
}

/** `cut`: the log begins later than it may; `unsigned`: nothing behind it is signed by a key that is there. */
export type AuditFinding = { seq: number; problem: 'changed' | 'missing' | 'cut' | 'unsigned' }

/** The action of the entry that a restored backup leaves; its details are `madeAt` of the backup and how many were `lost`. */
export const RESTORED = 'db.restore'

/** At `at` the log went back to a backup made at `madeAt`; the `lost` entries behind it went. */
export type AuditRestore = { seq: number; at: string; madeAt: string; lost: number }

export type AuditVerdict = {
  ok: boolean
  checked: number
  /** The first and the last entry. */
  from: number
  to: number
  /** Whether this home knows an end that the log must have. */
  isAnchored: boolean
  findings: AuditFinding[]
  /** The newest of those that are signed. */
  restores: AuditRestore[]
}
