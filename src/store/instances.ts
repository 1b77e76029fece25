import { AppError, systemCodeOf } from '../base/errors.ts'
import type { CheckState } from '../model/verification.ts'
import { firstOf, type Database } from './database.ts'
import {
  checkValues, grantValues, INSTANCE_COLUMNS, toInstance, type Instance, type InstanceRow, type SealedGrant,
} from './instance-rows.ts' // prettier-ignore

export type NewInstance = Pick<
  Instance,
  'handle' | 'userId' | 'service' | 'sealedCredentials' | 'secretHash' | 'sealedSecret'
> & { sandbox: boolean; check: CheckState; grant?: SealedGrant | undefined }

const UNIQUE_VIOLATION = '23505'

/**
 * @returns undefined when the handle is taken, or the user has an instance of the service by now
 * @throws AppError `instance_limit`
 */
export const insertInstance = async (
  database: Database,
  instance: NewInstance,
): Promise<Instance | undefined> => {
  try {
    return await database.transaction(async (transaction) => {
      await refuseBeyondLimit(transaction, instance)
      return insertRow(transaction, instance)
    })
  } catch (error) {
    if (systemCodeOf(error) === UNIQUE_VIOLATION) return undefined
    throw error
  }
}

/** Locks the user's settings, so that two keys entered at once do not both see the last free place. */
const refuseBeyondLimit = async (
  database: Database,
  { userId, service }: NewInstance,
): Promise<void> => {
  const limited = await database.query<{ max_instances: number }>(
    'select max_instances from user_settings where user_id = $1 and max_instances is not null for update',
    [userId],
  )
  const limit = firstOf(limited)?.max_instances
  if (limit === undefined) return
  const others = await database.query(
    'select 1 from user_service_instances where user_id = $1 and service_type <> $2',
    [userId, service],
  )
  if (others.length < limit) return
  throw new AppError(
    'instance_limit',
    `This user may have ${limit} ${limit === 1 ? 'instance' : 'instances'} and has as many; one must go first.`,
  )
}

const insertRow = async (
  database: Database,
  instance: NewInstance,
): Promise<Instance | undefined> => {
  const rows = await database.query<InstanceRow>(
    `insert into user_service_instances
         (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, sandbox,
          verification, account, verified_at, check_tries, check_at, sealed_oauth, access_expires_at, refresh_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning ${INSTANCE_COLUMNS}`,
    [
      instance.handle,
      instance.userId,
      instance.service,
      instance.sealedCredentials,
      instance.secretHash,
      instance.sealedSecret,
      instance.sandbox,
      ...checkValues(instance.check),
      ...grantValues(instance.grant),
    ],
  )
  const row = firstOf(rows)
  return row && toInstance(row)
}

/** Who asks says what must be true of it; whatever is wrong gives the same nothing, at the same cost. */
export type InstanceClaim =
  { handle: string; service: string; secretHash: Buffer } | { handle: string; userId: string }

/** What a gateway needs of one, and no more: it asks for each that it does not know. */
export type ClaimedInstance = Pick<
  Instance,
  | 'handle' | 'userId' | 'service' | 'sealedCredentials' | 'secretHash' | 'isActive' | 'verification' | 'accessExpiresAt'
> // prettier-ignore

export const findClaimedInstance = async (
  database: Database,
  claim: InstanceClaim,
): Promise<ClaimedInstance | undefined> => {
  const [condition, values] =
    'userId' in claim
      ? ['user_id = $2', [claim.handle, claim.userId]]
      : [
          'secret_hash = $2 and service_type = $3 and is_active',
          [claim.handle, claim.secretHash, claim.service],
        ]
  const rows = await database.query<ClaimedInstance>(
    `select instance_id as handle, user_id as "userId", service_type as service, encrypted_api_key as "sealedCredentials",
       secret_hash as "secretHash", is_active as "isActive", verification, access_expires_at as "accessExpiresAt"
     from user_service_instances where instance_id = $1 and ${condition}`,
    values,
    { isPrepared: true },
  )
  const row = firstOf(rows)
  return row && { ...row, secretHash: Buffer.from(row.secretHash) }
}

export const findInstanceOf = async (
  database: Database,
  owner: { userId: string; service: string },
): Promise<Instance | undefined> => {
  const rows = await database.query<InstanceRow>(
    `select ${INSTANCE_COLUMNS} from user_service_instances where user_id = $1 and service_type = $2`,
    [owner.userId, owner.service],
  )
  const row = firstOf(rows)
  return row && toInstance(row)
}

/** All of a user's instances, by service. A user has at most one per service, so the registry bounds the answer. */
export const listInstancesOf = async (database: Database, userId: string): Promise<Instance[]> => {
  const rows = await database.query<InstanceRow>(
    `select ${INSTANCE_COLUMNS} from user_service_instances where user_id = $1 order by service_type`,
    [userId],
  )
  return rows.map(toInstance)
}

/** A key takes the place of a sign-in, and the other way round. @returns undefined when the instance is gone */
export const replaceCredentials = async (
  database: Database,
  change: {
    handle: string
    sealedCredentials: string
    check: CheckState
    grant?: SealedGrant | undefined
  },
): Promise<Instance | undefined> => {
  const rows = await database.query<InstanceRow>(
    `update user_service_instances set encrypted_api_key = $2, is_active = true, updated_at = now(),
       verification = $3, account = $4, verified_at = $5, check_tries = $6, check_at = $7, sealed_oauth = $8,
       access_expires_at = $9, refresh_at = $10, refresh_tries = 0, refresh_lease = null, refresh_lease_until = null
     where instance_id = $1 returning ${INSTANCE_COLUMNS}`,
    [change.handle, change.sealedCredentials, ...checkValues(change.check), ...grantValues(change.grant)], // prettier-ignore
  )
  const row = firstOf(rows)
  return row && toInstance(row)
}

/** @returns undefined when the instance is gone */
export const replaceSecret = async (
  database: Database,
  change: { handle: string; secretHash: Buffer; sealedSecret: string },
): Promise<Instance | undefined> => {
  const rows = await database.query<InstanceRow>(
    `update user_service_instances set secret_hash = $2, sealed_secret = $3, updated_at = now()
     where instance_id = $1 returning ${INSTANCE_COLUMNS}`,
    [change.handle, change.secretHash, change.sealedSecret],
  )
  const row = firstOf(rows)
  return row && toInstance(row)
}

/** Pauses or resumes it. @returns undefined when the instance is gone */
export const setInstanceActive = async (
  database: Database,
  change: { handle: string; isActive: boolean },
): Promise<Instance | undefined> => {
  const rows = await database.query<InstanceRow>(
    // A paused instance is not asked about: whether its key still works is asked when it is resumed.
    `update user_service_instances set is_active = $2, updated_at = now(),
       check_at = case when $2 and not is_active and check_at is not null then least(check_at, now()) else check_at end
     where instance_id = $1 returning ${INSTANCE_COLUMNS}`,
    [change.handle, change.isActive],
  )
  const row = firstOf(rows)
  return row && toInstance(row)
}

/** Removes the row, and with it the sealed credentials and secret. @returns its handle, or undefined */
export const deleteInstance = async (
  database: Database,
  owner: { userId: string; service: string },
): Promise<string | undefined> => {
  const rows = await database.query<{ instance_id: string }>(
    'delete from user_service_instances where user_id = $1 and service_type = $2 returning instance_id',
    [owner.userId, owner.service],
  )
  return firstOf(rows)?.instance_id
}
