import { AUDIT_BEGIN, type AuditCheckpoint, type AuditEnd, type AuditRow } from '../model/audit.ts'
import { firstOf, type Database } from './database.ts'

/** Any number, the same for all: whoever writes to the log waits for the others. */
const ADVISORY_LOCK = 4_916_1

type Row = {
  seq: string
  at: Date
  actor: string
  action: string
  target: string
  source: string
  details: string
  hash: Uint8Array
  kid: string
  mac: Uint8Array
}

const COLUMNS = 'seq, at, actor, action, target, source, details, hash, kid, mac'

const toRow = ({ source, ...row }: Row): AuditRow => ({
  ...row,
  from: source,
  seq: Number(row.seq),
  hash: Buffer.from(row.hash),
  mac: Buffer.from(row.mac),
})

/** Which log this is; another database has another one. */
export const findAuditLogId = async (database: Database): Promise<string> => {
  const rows = await database.query<{ log_id: string }>('select log_id from audit_identity')
  return firstOf(rows)?.log_id ?? ''
}

/** Adds what `link` makes for behind the end of the log; one writer at a time. @returns the new end */
export const appendAudit = (
  database: Database,
  link: (end: AuditEnd) => readonly AuditRow[],
): Promise<AuditEnd> =>
  database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    const end = await auditEnd(transaction)
    const rows = link(end)
    const column = (valueOf: (row: AuditRow) => unknown) => rows.map(valueOf)
    await transaction.query(
      `insert into audit_log (${COLUMNS})
       select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
         $8::bytea[], $9::text[], $10::bytea[])`,
      [
        column(({ seq }) => seq),
        column(({ at }) => at),
        column(({ actor }) => actor),
        column(({ action }) => action),
        column(({ target }) => target),
        column(({ from }) => from),
        column(({ details }) => details),
        column(({ hash }) => hash),
        column(({ kid }) => kid),
        column(({ mac }) => mac),
      ],
    )
    return rows.at(-1) ?? end
  })

/** The newest entry; what retention has cut away, or nothing, when there is none. */
export const auditEnd = async (database: Database): Promise<AuditEnd> => {
  const last = firstOf(
    await database.query<Row>(`select ${COLUMNS} from audit_log order by seq desc limit 1`),
  )
  return last ? toRow(last) : ((await newestCheckpoint(database)) ?? AUDIT_BEGIN)
}

export type AuditFilter = {
  /** Only entries after, or before, this one. */
  after?: number | undefined
  before?: number | undefined
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  limit: number
}

/** Entries in the order of the log; with `before`, or neither, the newest first. */
export const listAudit = async (database: Database, filter: AuditFilter): Promise<AuditRow[]> => {
  const order = filter.after === undefined ? 'desc' : 'asc'
  const rows = await database.query<Row>(
    `select ${COLUMNS} from audit_log
     where ($1::bigint is null or seq > $1) and ($2::bigint is null or seq < $2)
       and ($3::text is null or actor = $3) and ($4::text is null or action = $4) and ($5::text is null or target = $5)
     order by seq ${order} limit $6`,
    [
      filter.after ?? null,
      filter.before ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      filter.target ?? null,
      filter.limit,
    ],
  )
  return rows.map(toRow)
}

export const newestCheckpoint = async (
  database: Database,
): Promise<AuditCheckpoint | undefined> => {
  const rows = await database.query<Pick<Row, 'seq' | 'hash' | 'at' | 'kid' | 'mac'>>(
    'select seq, hash, at, kid, mac from audit_checkpoints order by seq desc limit 1',
  )
  const row = firstOf(rows)
  return row && { ...row, seq: Number(row.seq), hash: Buffer.from(row.hash), mac: Buffer.from(row.mac) } // prettier-ignore
}

/**
 * Removes the entries before a time and puts a checkpoint in their place. The newest entry stays: the next one links to it.
 * @returns how many are gone
 */
export const cutAudit = (
  database: Database,
  before: Date,
  checkpointAt: (end: AuditEnd) => AuditCheckpoint,
): Promise<number> =>
  database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    const rows = await transaction.query<Row>(
      `select ${COLUMNS} from audit_log
       where at < $1 and seq < (select max(seq) from audit_log) order by seq desc limit 1`,
      [before],
    )
    const last = firstOf(rows)
    if (!last) return 0
    const { seq, hash, at, kid, mac } = checkpointAt(toRow(last))
    await transaction.query('delete from audit_checkpoints')
    await transaction.query(
      'insert into audit_checkpoints (seq, hash, at, kid, mac) values ($1, $2, $3, $4, $5)',
      [seq, hash, at, kid, mac],
    )
    const gone = await transaction.query('delete from audit_log where seq <= $1 returning seq', [seq]) // prettier-ignore
    return gone.length
  })

/** Signs the checkpoint again, by another key. */
export const signCheckpoint = async (
  database: Database,
  { seq, kid, mac }: AuditCheckpoint,
): Promise<void> => {
  await database.query('update audit_checkpoints set kid = $2, mac = $3 where seq = $1', [seq, kid, mac]) // prettier-ignore
}
