import { arrayText } from './array-text.ts'
import { firstOf, type Database } from './database.ts'

/** What became of one instance of the older model. */
export type LedgerEntry = {
  oldId: string
  oldType: string
  /** Hex. */
  tokenHash: string | null
  userId: string | null
  /** Of what was left. */
  reason: string | null
  /** Of what was moved. */
  handle: string | null
  /** Hex. */
  hash: string
  flag: 'incomplete' | 'kept' | null
  made: boolean
}

/** An entry with the state of its instance; shape of `Known` in migration, before parsing. */
export type KnownEntry = {
  oldId: string
  hash: string
  userId: string | null
  type: string
  reason: string | null
  handle: string | null
  made: boolean
  service: string | null
  /** As the run wrote it; null when the instance is gone. */
  isIntact: boolean | null
}

/** Whether this schema has a ledger at all. */
export const isSchemaWithLedger = async (database: Database): Promise<boolean> => {
  const rows = await database.query<{ name: string | null }>(`select to_regclass('migration_ledger')::text as name`) // prettier-ignore
  return firstOf(rows)?.name != null
}

/** Whether anything was noted yet: in the first run nobody needs to be asked about. */
export const isLedgerEmpty = async (database: Database): Promise<boolean> =>
  (await database.query('select 1 from migration_ledger limit 1')).length === 0

export const readLedger = (database: Database, oldIds: readonly string[]): Promise<KnownEntry[]> =>
  database.query<KnownEntry>(
    `select l.old_instance_id::text as "oldId", encode(l.source_hash, 'hex') as hash, l.user_id::text as "userId",
       l.old_type as type, l.reason, l.instance_id as handle, l.made, i.service_type as service, i.updated_at = l.moved_at as "isIntact"
     from unnest($1::text::uuid[]) as wanted (id) join migration_ledger l on l.old_instance_id = wanted.id
     left join user_service_instances i on i.instance_id = l.instance_id`,
    [arrayText(oldIds)],
  )

/**
 * Notes what became of rows; the last word counts. `moved_at` is the moment of the transaction, which is also the
 * `updated_at` of the instances that it writes; a row that is `kept` keeps its own.
 */
export const writeLedger = async (
  transaction: Database,
  runId: string,
  entries: readonly LedgerEntry[],
): Promise<void> => {
  if (entries.length === 0) return
  const column = (of: (entry: LedgerEntry) => string | null) => arrayText(entries.map(of))
  await transaction.query(
    `insert into migration_ledger
       (old_instance_id, old_type, old_token_hash, user_id, outcome, reason, instance_id, source_hash, flags, run_id, made, moved_at)
     select id, type, decode(token, 'hex'), user_id, case when handle is null then 'left' else 'moved' end, reason, handle,
       decode(hash, 'hex'), case when flag is null then '{}' else array[flag] end, $1, made,
       case when handle is not null then now() end
     from unnest($2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::uuid[], $6::text::text[],
       $7::text::text[], $8::text::text[], $9::text::text[], $10::text::boolean[])
       as t (id, type, token, user_id, reason, handle, hash, flag, made)
     on conflict (old_instance_id) do update set
       old_type = excluded.old_type, old_token_hash = excluded.old_token_hash, user_id = excluded.user_id,
       outcome = excluded.outcome, reason = excluded.reason, instance_id = excluded.instance_id,
       source_hash = excluded.source_hash, flags = excluded.flags, run_id = excluded.run_id, made = excluded.made,
       moved_at = case when excluded.flags = '{kept}' then migration_ledger.moved_at else excluded.moved_at end`,
    [
      runId,
      column(({ oldId }) => oldId),
      column(({ oldType }) => oldType),
      column(({ tokenHash }) => tokenHash),
      column(({ userId }) => userId),
      column(({ reason }) => reason),
      column(({ handle }) => handle),
      column(({ hash }) => hash),
      column(({ flag }) => flag),
      column(({ made }) => (made ? 't' : 'f')),
    ],
  )
}

/** What became of all rows so far. */
export const ledgerTotals = async (
  database: Database,
): Promise<{ moved: number; left: Record<string, number> }> => {
  const rows = await database.query<{ reason: string | null; count: number }>(
    'select reason, count(*)::float8 as count from migration_ledger group by reason order by reason',
  )
  const left = rows.flatMap(({ reason, count }) => (reason === null ? [] : [[reason, count]]))
  return { moved: rows.find(({ reason }) => reason === null)?.count ?? 0, left: Object.fromEntries(left) as Record<string, number> } // prettier-ignore
}
