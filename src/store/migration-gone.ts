import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'

const PAGE = 5_000

/** Moved instances whose row was deleted in the older database since, some at a time; `seen` are all that were asked about. */
export const readGone = async function* (
  target: Database,
  source: Database,
): AsyncGenerator<{ seen: string[]; gone: string[] }> {
  let after: string | null = null
  for (;;) {
    const page: { id: string }[] = await target.query<{ id: string }>(
      `select old_instance_id::text as id from migration_ledger
       where outcome = 'moved' and ($1::uuid is null or old_instance_id > $1::uuid) order by old_instance_id limit ${PAGE}`,
      [after],
    )
    const last = page.at(-1)
    if (!last) return
    after = last.id
    const seen = page.map(({ id }) => id)
    const gone = await source.query<{ id: string }>(
      `select w.id::text as id from unnest($1::text::uuid[]) as w (id)
       where not exists (select 1 from mcp_instances mi where mi.id = w.id)`,
      [arrayText(seen)],
    )
    yield { seen, gone: gone.map(({ id }) => id) }
  }
}

/** The ledger's flag says of each whether its old row is gone. */
export const noteGone = async (
  target: Database,
  { seen, gone }: { seen: readonly string[]; gone: readonly string[] },
): Promise<void> => {
  await target.query(
    `update migration_ledger set flags = case when old_instance_id = any ($2::text::uuid[])
         then array_append(array_remove(flags, 'source_gone'), 'source_gone') else array_remove(flags, 'source_gone') end
     where old_instance_id = any ($1::text::uuid[])
       and ('source_gone' = any (flags)) <> (old_instance_id = any ($2::text::uuid[]))`,
    [arrayText(seen), arrayText(gone)],
  )
}

/** Removes the instances that a run made of them and nobody changed here since. @returns how many */
export const dropGone = async (target: Database, gone: readonly string[]): Promise<number> => {
  const rows = await target.query(
    `with dropped as (
       delete from user_service_instances i using migration_ledger l
       where l.old_instance_id = any ($1::text::uuid[]) and l.outcome = 'moved' and l.made
         and i.instance_id = l.instance_id and i.updated_at = l.moved_at returning l.old_instance_id)
     update migration_ledger l set outcome = 'left', reason = 'source_gone', instance_id = null, made = false,
       moved_at = null, flags = '{}'
     from dropped where dropped.old_instance_id = l.old_instance_id returning l.old_instance_id`,
    [arrayText(gone)],
  )
  return rows.length
}
