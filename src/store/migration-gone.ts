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
    yield { seen, gone: await whichAreGone(source, seen) }
  }
}

const whichAreGone = async (source: Database, oldIds: readonly string[]): Promise<string[]> => {
  const rows = await source.query<{ id: string }>(
    `select w.id::text as id from unnest($1::text::uuid[]) as w (id)
     where not exists (select 1 from mcp_instances mi where mi.id = w.id)`,
    [arrayText(oldIds)],
  )
  return rows.map(({ id }) => id)
}

type Owner = { userId: string; service: string }

/** An instance that a run made of a row which is deleted by now, and that nobody changed since. */
export type Orphan = Owner & { oldId: string; handle: string; hash: string }

/** Those of these users and services. */
export const findOrphans = async (
  target: Database,
  source: Database,
  owners: readonly Owner[],
): Promise<Orphan[]> => {
  const held = await target.query<Orphan>(
    `select l.old_instance_id::text as "oldId", l.instance_id as handle, encode(l.source_hash, 'hex') as hash,
       i.user_id::text as "userId", i.service_type as service
     from unnest($1::text::uuid[], $2::text::text[]) as o (user_id, service)
     join user_service_instances i on i.user_id = o.user_id and i.service_type = o.service
     join migration_ledger l on l.instance_id = i.instance_id and l.outcome = 'moved' and l.made and l.moved_at = i.updated_at`,
    [
      arrayText(owners.map(({ userId }) => userId)),
      arrayText(owners.map(({ service }) => service)),
    ],
  )
  if (held.length === 0) return []
  const gone = new Set(await whichAreGone(source, held.map(({ oldId }) => oldId))) // prettier-ignore
  return held.filter(({ oldId }) => gone.has(oldId))
}

/** Its instance is another row's from now on. */
export const noteSucceeded = async (target: Database, oldId: string): Promise<void> => {
  await target.query(
    `update migration_ledger set outcome = 'left', reason = 'source_gone', instance_id = null, made = false,
       moved_at = null, flags = '{}' where old_instance_id = $1`,
    [oldId],
  )
}

/**
 * The ledger knows no instance of these rows any more. What a run made of them goes, unless it was changed here since: then it
 * is its user's own.
 */
export const releaseDisplaced = async (target: Database, oldIds: readonly string[]): Promise<void> => {
  if (oldIds.length === 0) return
  await dropGone(target, oldIds)
  await target.query(
    `update migration_ledger l set outcome = 'left', reason = 'source_gone', instance_id = null, made = false,
       moved_at = null, flags = '{}'
     from unnest($1::text::uuid[]) as d (id) where l.old_instance_id = d.id`,
    [arrayText(oldIds)],
  )
} // prettier-ignore

/** The ledger's flag says of each whether its old row is gone. */
export const noteGone = async (
  target: Database,
  { seen, gone }: { seen: readonly string[]; gone: readonly string[] },
): Promise<void> => {
  await target.query(
    `with asked as (
       select s.id, g.id is not null as is_gone
       from unnest($1::text::uuid[]) as s (id) left join unnest($2::text::uuid[]) as g (id) on g.id = s.id)
     update migration_ledger l set flags = case when asked.is_gone
         then array_append(array_remove(l.flags, 'source_gone'), 'source_gone') else array_remove(l.flags, 'source_gone') end
     from asked where l.old_instance_id = asked.id and ('source_gone' = any (l.flags)) <> asked.is_gone`,
    [arrayText(seen), arrayText(gone)],
  )
}

/** Removes the instances that a run made of them and nobody changed here since. @returns how many */
export const dropGone = async (target: Database, gone: readonly string[]): Promise<number> => {
  const rows = await target.query(
    `with dropped as (
       delete from user_service_instances i using migration_ledger l, unnest($1::text::uuid[]) as g (id)
       where l.old_instance_id = g.id and l.outcome = 'moved' and l.made
         and i.instance_id = l.instance_id and i.updated_at = l.moved_at returning l.old_instance_id)
     update migration_ledger l set outcome = 'left', reason = 'source_gone', instance_id = null, made = false,
       moved_at = null, flags = '{}'
     from dropped where dropped.old_instance_id = l.old_instance_id returning l.old_instance_id`,
    [arrayText(gone)],
  )
  return rows.length
}
