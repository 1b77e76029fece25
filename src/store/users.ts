import { AppError, systemCodeOf } from '../base/errors.ts'
import { firstOf, type Database } from './database.ts'

export type User = { id: string; email: string }

/** SQLSTATE of a violated unique constraint. */
const UNIQUE_VIOLATION = '23505'

/** @throws AppError `email_taken` */
export const insertUser = async (database: Database, email: string): Promise<User> => {
  try {
    const rows = await database.query<User>(
      'insert into users (email) values ($1) returning id, email',
      [email],
    )
    return rows[0] as User
  } catch (error) {
    if (systemCodeOf(error) !== UNIQUE_VIOLATION) throw error
    throw new AppError('email_taken', `A user with the email ${email} exists already.`, {
      cause: error,
    })
  }
}

export const findUserByEmail = async (
  database: Database,
  email: string,
): Promise<User | undefined> =>
  firstOf(await database.query<User>('select id, email from users where email = $1', [email]))

/** By email; at most `limit`. */
export const listUsers = (database: Database, limit: number): Promise<User[]> =>
  database.query<User>('select id, email from users order by email limit $1', [limit])
