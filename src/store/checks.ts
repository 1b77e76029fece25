import type { CheckState } from '../model/verification.ts'
import type { Database } from './database.ts'
import {
  checkValues,
  INSTANCE_COLUMNS,
  toInstance,
  type Instance,
  type InstanceRow,
} from './instance-rows.ts'

/** How long a claimed check may take before somebody else makes it. */
const CLAIM = '10 minutes'

/** Takes instances whose key is to be checked; of several processes each gets others. */
export const claimDueChecks = async (database: Database, limit: number): Promise<Instance[]> => {
  const rows = await database.query<InstanceRow>(
    `update user_service_instances set check_at = now() + interval '${CLAIM}'
     where instance_id in (
       select instance_id from user_service_instances where check_at <= now() and is_active
       order by check_at limit $1 for update skip locked)
     returning ${INSTANCE_COLUMNS}`,
    [limit],
  )
  return rows.map(toInstance)
}

/** @returns false when the instance is gone or has other credentials by now: then the check says nothing about them */
export const recordCheck = async (
  database: Database,
  instance: { handle: string; sealedCredentials: string },
  check: CheckState,
): Promise<boolean> => {
  const rows = await database.query(
    `update user_service_instances
     set verification = $3, account = $4, verified_at = $5, check_tries = $6, check_at = $7
     where instance_id = $1 and encrypted_api_key = $2 returning instance_id`,
    [instance.handle, instance.sealedCredentials, ...checkValues(check)],
  )
  return rows.length > 0
}

/** Brings an instance's next check forward; one that is asked about no more stays so. */
export const checkSoon = async (database: Database, handle: string): Promise<void> => {
  await database.query(
    `update user_service_instances set check_at = now()
     where instance_id = $1 and check_at > now() and verification <> 'invalid'`,
    [handle],
  )
}
