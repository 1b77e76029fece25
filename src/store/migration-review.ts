import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'

/** A row of the ledger with its instance as it is now. */
export type ReviewedEntry = {
  oldId: string
  reason: string | null
  handle: string | null
  hash: string
  service: string | null
  userId: string | null
  /** As the older database calls its service. */
  type: string
  sealedCredentials: string | null
  sealedSecret: string | null
  /** Hex. */
  secretHash: string | null
  made: boolean
  /** As the run wrote it; null when the instance is gone. */
  isIntact: boolean | null
}

export const readReviewed = (
  database: Database,
  oldIds: readonly string[],
): Promise<ReviewedEntry[]> =>
  database.query<ReviewedEntry>(
    `select l.old_instance_id::text as "oldId", l.reason, l.instance_id as handle, encode(l.source_hash, 'hex') as hash,
       i.service_type as service, i.user_id::text as "userId", l.old_type as type, i.encrypted_api_key as "sealedCredentials",
       i.sealed_secret as "sealedSecret", encode(i.secret_hash, 'hex') as "secretHash",
       l.made, i.updated_at = l.moved_at as "isIntact"
     from unnest($1::text::uuid[]) as wanted (id) join migration_ledger l on l.old_instance_id = wanted.id
     left join user_service_instances i on i.instance_id = l.instance_id`,
    [arrayText(oldIds)],
  )
