import { firstOf, type Database } from './database.ts'

export type UndoneBatch = {
  /** Rows of the ledger that were looked at. */
  seen: number
  removed: number
  /** Changed here since: they stay. */
  kept: number
  /** Where the next batch begins. */
  last: string | undefined
}

/** Of the next rows of the ledger, removes the instances that a run made and nobody changed since, and says so there. */
export const undoBatch = (
  database: Database,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<UndoneBatch> =>
  database.transaction(async (transaction) => {
    const rows = await transaction.query<{ removed: number; kept: number; seen: number; last: string | null }>(
      `with batch as (
         select old_instance_id, instance_id, moved_at, made from migration_ledger
         where outcome = 'moved' and ($1::uuid is null or old_instance_id > $1::uuid) order by old_instance_id limit $2),
       gone as (
         delete from user_service_instances i using batch b
         where b.made and i.instance_id = b.instance_id and i.updated_at = b.moved_at returning b.old_instance_id),
       there as (
         select b.old_instance_id from batch b join user_service_instances i on i.instance_id = b.instance_id
         where b.old_instance_id not in (select old_instance_id from gone)),
       noted as (
         update migration_ledger l set
           outcome = case when t.old_instance_id is null then 'left' else l.outcome end,
           reason = case when t.old_instance_id is not null then null when g.old_instance_id is null then 'removed' else 'rolled_back' end,
           instance_id = case when t.old_instance_id is null then null else l.instance_id end,
           flags = case when t.old_instance_id is null then '{}'::text[] else array['kept'] end,
           made = l.made and t.old_instance_id is not null,
           moved_at = case when t.old_instance_id is null then null else l.moved_at end
         from batch b left join gone g using (old_instance_id) left join there t using (old_instance_id)
         where l.old_instance_id = b.old_instance_id)
       select (select count(*) from gone)::int as removed, (select count(*) from there)::int as kept,
         (select count(*) from batch)::int as seen,
         (select old_instance_id::text from batch order by old_instance_id desc limit 1) as last`,
      [after ?? null, limit],
    ) // prettier-ignore
    const { removed = 0, kept = 0, seen = 0, last = null } = firstOf(rows) ?? {}
    return { removed, kept, seen, last: last ?? undefined }
  })

/**
 * Removes the users that a run copied, but those who have something here, and ends the runs.
 * @returns how many users went
 */
export const undoUsers = (database: Database): Promise<number> =>
  database.transaction(async (transaction) => {
    const gone = await transaction.query(
      `delete from users u using migration_users m where m.user_id = u.id
         and not exists (select 1 from user_service_instances i where i.user_id = u.id)
         and not exists (select 1 from api_tokens t where t.user_id = u.id)
         and not exists (select 1 from user_identities d where d.user_id = u.id)
         and not exists (select 1 from user_settings s where s.user_id = u.id)
       returning u.id`,
    )
    await transaction.query('delete from migration_users m where not exists (select 1 from users u where u.id = m.user_id)') // prettier-ignore
    await transaction.query(`update migration_runs set state = 'rolled_back', finished_at = coalesce(finished_at, now())`) // prettier-ignore
    return gone.length
  })
