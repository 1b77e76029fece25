import type { MovedInstance } from '../model/old-routing.ts'
import { firstOf, type Database } from './database.ts'

const SELECT = `select l.instance_id as "instanceId", i.service_type as service, i.user_id as "userId", l.old_type as "oldType"
  from migration_ledger l join user_service_instances i on i.instance_id = l.instance_id
  where l.outcome = 'moved' and`

/** By the UUID in its old URL. @returns undefined when it was not moved, or is gone since */
export const findMovedByOldId = async (
  database: Database,
  oldId: string,
): Promise<MovedInstance | undefined> =>
  firstOf(await database.query<MovedInstance>(`${SELECT} l.old_instance_id = $1`, [oldId]))

/** @param hash SHA-256 of the access token in its old URL */
export const findMovedByTokenHash = async (
  database: Database,
  hash: Buffer,
): Promise<MovedInstance | undefined> =>
  firstOf(await database.query<MovedInstance>(`${SELECT} l.old_token_hash = $1`, [hash]))
