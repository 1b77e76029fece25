import type { Database } from './database.ts'

/** Every table that holds something of a user, besides the instances that gateways must forget. */
const TABLES = ['api_tokens', 'user_identities', 'user_settings', 'oauth_logins'] as const

/**
 * Removes a user with every secret of theirs, all or nothing. Each table is named, since an adopted `users` may have no key
 * that rows could cascade from. A row of an adopted `users` stays: it belongs to another program.
 *
 * @returns the handles that are gone
 */
export const removeUser = (database: Database, userId: string): Promise<string[]> =>
  database.transaction(async (transaction) => {
    const gone = await transaction.query<{ instance_id: string }>(
      'delete from user_service_instances where user_id = $1 returning instance_id',
      [userId],
    )
    for (const table of TABLES)
      await transaction.query(`delete from ${table} where user_id = $1`, [userId])
    await transaction.query(
      `delete from users where id = $1
       and obj_description(to_regclass('users'), 'pg_class') = 'made by berth'`,
      [userId],
    )
    return gone.map((row) => row.instance_id)
  })
