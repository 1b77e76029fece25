import { firstOf, type Database } from './database.ts'
import type { Instance, InstanceRow } from './instance-rows.ts'

export type ListedInstance = Pick<
  Instance,
  'handle' | 'service' | 'isActive' | 'verification' | 'createdAt' | 'lastUsedAt'
> & { email: string }

/** Everybody's, by handle, behind one; at most `limit`. */
export const listAllInstances = async (
  database: Database,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<ListedInstance[]> => {
  const rows = await database.query<InstanceRow & { email: string }>(
    `select i.instance_id, i.service_type, i.is_active, i.verification, i.created_at, i.last_used_at, u.email
     from user_service_instances i join users u on u.id = i.user_id
     where $1::text is null or i.instance_id > $1 order by i.instance_id limit $2`,
    [after ?? null, limit],
  )
  return rows.map(({ email, ...row }) => ({
    handle: row.instance_id,
    service: row.service_type,
    isActive: row.is_active,
    verification: row.verification,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    email,
  }))
}

/** How many instances hold keys of the real world; `echo` calls nobody. */
export const countRealInstances = async (database: Database): Promise<number> => {
  const rows = await database.query<{ count: string }>(
    `select count(*)::text as count from user_service_instances where not sandbox and service_type <> 'echo'`,
  )
  return Number(firstOf(rows)?.count ?? 0)
}
