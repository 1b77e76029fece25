import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import type { AuditEnd } from '../model/audit.ts'

const MAX_LOGS = 16

const schema = z.record(z.string(), z.object({ seq: z.int().min(0), hash: z.hex() }))

const readAll = (file: string): z.output<typeof schema> => {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return {}
  }
}

/** The end of a log as this home has seen it last; a database alone can't say that its newest entries are missing. */
export const readAuditEnd = (file: string, logId: string): AuditEnd | undefined => {
  const end = readAll(file)[logId]
  return end && { seq: end.seq, hash: Buffer.from(end.hash, 'hex') }
}

/** Several processes may write it; the furthest end stays. */
export const noteAuditEnd = (file: string, logId: string, end: AuditEnd): void => {
  const known = readAll(file)[logId]
  if (!known || known.seq < end.seq) resetAuditEnd(file, logId, end)
}

/** Another end, also one before what was known: after a backup was restored. */
export const resetAuditEnd = (file: string, logId: string, end: AuditEnd): void => {
  const { [logId]: _known, ...others } = readAll(file)
  const kept = Object.entries(others).slice(-MAX_LOGS + 1)
  const all = { ...Object.fromEntries(kept), [logId]: { seq: end.seq, hash: end.hash.toString('hex') } } // prettier-ignore
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify(all), { mode: 0o600 })
  renameSync(draft, file)
}
