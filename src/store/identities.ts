import { AppError, systemCodeOf } from '../base/errors.ts'
import type { Identity, Role } from '../model/account.ts'
import { firstOf, type Database } from './database.ts'

/** Who a caller is and what they may do. */
export type Principal = { userId: string; role: Role }
type Row = { user_id: string; role: Role }

const UNIQUE_VIOLATION = '23505'

const toPrincipal = (row: Row | undefined): Principal | undefined =>
  row && { userId: row.user_id, role: row.role }

/** @throws AppError `identity_taken` when another user has it */
export const insertIdentity = async (
  database: Database,
  { userId, issuer, subject }: Identity & { userId: string },
): Promise<void> => {
  try {
    await database.query(
      'insert into user_identities (issuer, subject, user_id) values ($1, $2, $3)',
      [issuer, subject, userId],
    )
  } catch (error) {
    if (systemCodeOf(error) !== UNIQUE_VIOLATION) throw error
    const holder = await findByIdentity(database, { issuer, subject })
    if (holder?.userId === userId) return
    throw new AppError('identity_taken', 'This issuer and subject belong to another user.', {
      cause: error,
    })
  }
}

export const findByIdentity = async (
  database: Database,
  { issuer, subject }: Identity,
): Promise<Principal | undefined> =>
  toPrincipal(
    firstOf(
      await database.query<Row>(
        `select n.user_id, coalesce(s.role, 'user') as role from user_identities n
         join users u on u.id = n.user_id left join user_settings s on s.user_id = n.user_id
         where n.issuer = $1 and n.subject = $2`,
        [issuer, subject],
      ),
    ),
  )

/** For subjects that are user ids themselves. */
export const findPrincipal = async (
  database: Database,
  userId: string,
): Promise<Principal | undefined> =>
  toPrincipal(
    firstOf(
      await database.query<Row>(
        `select u.id as user_id, coalesce(s.role, 'user') as role from users u
         left join user_settings s on s.user_id = u.id where u.id = $1`,
        [userId],
      ),
    ),
  )

export const listIdentities = (database: Database, userId: string): Promise<Identity[]> =>
  database.query<Identity>(
    'select issuer, subject from user_identities where user_id = $1 order by issuer, subject limit 1000',
    [userId],
  )

/** @returns whether there was such a one */
export const deleteIdentity = async (
  database: Database,
  { userId, issuer, subject }: Identity & { userId: string },
): Promise<boolean> => {
  const rows = await database.query(
    'delete from user_identities where user_id = $1 and issuer = $2 and subject = $3 returning 1 as gone',
    [userId, issuer, subject],
  )
  return rows.length > 0
}
