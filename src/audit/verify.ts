import { z } from 'zod'
import {
  AUDIT_BEGIN,
  hashCheckpoint,
  linkAudit,
  RESTORED,
  type AuditCheckpoint,
  type AuditEnd,
  type AuditFinding,
  type AuditRestore,
  type AuditRow,
  type AuditVerdict,
  type Signature,
} from '../model/audit.ts'

export type VerifyNeeds = {
  logId: string
  /** What retention has cut away last. */
  checkpoint: () => Promise<AuditCheckpoint | undefined>
  /** The next entries in the order of the log. */
  read: (after: number, limit: number) => Promise<AuditRow[]>
  check: (hash: Buffer, signature: Signature) => 'right' | 'wrong' | 'unknown'
  /** The end as this home has seen it. */
  end: AuditEnd | undefined
}

const PAGE = 1_000
const MAX_FINDINGS = 100
const MAX_RESTORES = 20

/**
 * Reads the whole log and finds every entry that was changed, moved, put in or taken out since it was written. An entry that
 * was signed by a key that is gone is vouched for by the next one whose key is there: its hash reaches back over it.
 */
export const verifyAudit = async (needs: VerifyNeeds): Promise<AuditVerdict> => {
  const findings: AuditFinding[] = []
  const find: Find = (seq, problem) => {
    if (findings.length < MAX_FINDINGS) findings.push({ seq, problem })
  }
  const checkpoint = await needs.checkpoint()
  const begin = checkpoint ?? AUDIT_BEGIN
  if (checkpoint && needs.check(hashCheckpoint(needs.logId, checkpoint), checkpoint) !== 'right')
    find(checkpoint.seq, 'cut')
  const { last, unsigned, checked, restores } = await readAll(needs, begin, find)
  if (unsigned > 0) find(last.seq, 'unsigned')
  const seen = await judgeEnd(needs, last, begin)
  if (seen) find(...seen)
  return { ok: findings.length === 0, checked, from: begin.seq + 1, to: last.seq, isAnchored: needs.end !== undefined, findings, restores } // prettier-ignore
}

type Find = (seq: number, problem: AuditFinding['problem']) => void

const readAll = async (needs: VerifyNeeds, begin: AuditEnd, find: Find) => {
  let last = begin
  /** How many at the end no key that is there vouches for. */
  let unsigned = 0
  let checked = 0
  const restores: AuditRestore[] = []
  for (
    let rows = await needs.read(0, PAGE);
    rows.length > 0;
    rows = await needs.read(last.seq, PAGE)
  )
    // prettier-ignore
    for (const row of rows) {
      const problem = judge(needs, last, row)
      if (problem) find(problem === 'missing' ? last.seq + 1 : row.seq, problem)
      unsigned = needs.check(row.hash, row) === 'unknown' ? unsigned + 1 : 0
      checked += 1
      if (row.action === RESTORED && !problem) restores.push(restoreOf(row))
      last = row
    }
  return { last, unsigned, checked, restores: restores.slice(-MAX_RESTORES) }
}

const details = z.object({ madeAt: z.string().catch(''), lost: z.number().catch(0) })

const restoreOf = ({ seq, at, details: text }: AuditRow): AuditRestore => ({
  seq,
  at: at.toISOString(),
  ...details.parse(JSON.parse(text)),
})

const judge = (
  { logId, check }: VerifyNeeds,
  before: AuditEnd,
  row: AuditRow,
): AuditFinding['problem'] | undefined => {
  if (row.seq !== before.seq + 1) return row.seq > before.seq + 1 ? 'missing' : 'changed'
  if (!linkAudit(logId, before.hash, row).equals(row.hash)) return 'changed'
  return check(row.hash, row) === 'wrong' ? 'changed' : undefined
}

/** What this home has seen must still be there, unless retention has cut it away since. */
const judgeEnd = async (
  { end, read }: VerifyNeeds,
  last: AuditEnd,
  begin: AuditEnd,
): Promise<[number, AuditFinding['problem']] | undefined> => {
  if (!end || end.seq <= begin.seq) return undefined
  if (end.seq > last.seq) return [last.seq + 1, 'missing']
  const [row] = await read(end.seq - 1, 1)
  return row?.seq === end.seq && row.hash.equals(end.hash) ? undefined : [end.seq, 'changed']
}
