import { AppError } from '../base/errors.ts'
import { redactText } from '../base/redact.ts'
import {
  linkAudit,
  type AuditEnd,
  type AuditEntry,
  type AuditRow,
  type RecordAudit,
  type Signature,
} from '../model/audit.ts'

export type RecorderNeeds = {
  logId: string
  /** Adds what `link` makes behind the end of the log, alone. @returns the new end */
  append: (link: (end: AuditEnd) => readonly AuditRow[]) => Promise<AuditEnd>
  sign: (hash: Buffer) => Signature
  /** Remembers the end outside of the database: a row that is cut off at the end is missed by it. */
  noteEnd: (end: AuditEnd) => void
  now: () => Date
}

type Waiting = { entry: AuditEntry; done: () => void; failed: (error: unknown) => void }

const MAX_WAITING = 10_000
const MAX_BATCH = 200
const MAX_TEXT = 300

/** Writes entries in the order in which they come; those that come while one is written go together. */
export const createAuditRecorder = (needs: RecorderNeeds): RecordAudit => {
  const waiting: Waiting[] = []
  let isWriting = false
  const writeAll = async (): Promise<void> => {
    isWriting = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH)
      try {
        needs.noteEnd(await needs.append((end) => linkAll(needs, end, batch)))
        for (const { done } of batch) done()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    isWriting = false
  }
  return (entry) =>
    new Promise((done, failed) => {
      if (waiting.length >= MAX_WAITING)
        return failed(new AppError('locked', 'The audit log cannot be written as fast as it grows.')) // prettier-ignore
      waiting.push({ entry, done, failed })
      if (!isWriting) void writeAll()
    })
}

const linkAll = (
  needs: RecorderNeeds,
  end: AuditEnd,
  batch: readonly { entry: AuditEntry }[],
): AuditRow[] => {
  let { seq, hash } = end
  return batch.map(({ entry }) => {
    seq += 1
    const facts = {
      seq,
      at: needs.now(),
      actor: plain(entry.actor),
      action: plain(entry.action),
      target: plain(entry.target),
      from: plain(entry.from),
      details: JSON.stringify(plainDetails(entry.details ?? {})),
    }
    hash = linkAudit(needs.logId, hash, facts)
    return { ...facts, hash, ...needs.sign(hash) }
  })
}

/** Without secrets, of bounded length, and without what Postgres takes for no text. */
const plain = (text: string): string =>
  Buffer.from(redactText(text).replaceAll('\0', '').slice(0, MAX_TEXT)).toString()

const plainDetails = (details: NonNullable<AuditEntry['details']>) =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      plain(name),
      typeof value === 'string' ? plain(value) : value,
    ]),
  )
