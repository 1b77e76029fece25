import { AppError, systemCodeOf } from '../base/errors.ts'
import type { Role, User } from '../model/account.ts'
import { firstOf, type Database } from './database.ts'

type Row = {
  id: string
  email: string
  role: Role
  max_instances: number | null
  instances: number
}

const SELECT = `select u.id, u.email, coalesce(s.role, 'user') as role, s.max_instances,
  (select count(*)::int from user_service_instances i where i.user_id = u.id) as instances
  from users u left join user_settings s on s.user_id = u.id`

const toUser = ({ max_instances: maxInstances, ...row }: Row): User => ({ ...row, maxInstances })

/** SQLSTATE */
const UNIQUE_VIOLATION = '23505'
const NOT_NULL_VIOLATION = '23502'
const INTEGRITY = /^23/

/** @throws AppError `email_taken`, `users_adopted` */
export const insertUser = async (database: Database, email: string): Promise<User> => {
  if (await findUserByEmail(database, email)) throw taken(email)
  try {
    const rows = await database.query<{ id: string }>(
      'insert into users (email) values ($1) returning id',
      [email],
    )
    const { id = '' } = firstOf(rows) ?? {}
    return { id, email, role: 'user', maxInstances: null, instances: 0 }
  } catch (error) {
    throw translate(error, email)
  }
}

const taken = (email: string, cause?: unknown): AppError =>
  new AppError('email_taken', `A user with the email ${email} exists already.`, { cause })

/** An adopted table may want more of a user than Berth knows. */
const translate = (error: unknown, email: string): unknown => {
  const code = systemCodeOf(error) ?? ''
  if (code === UNIQUE_VIOLATION) return taken(email, error)
  if (!INTEGRITY.test(code)) return error
  const column = error instanceof Error && 'column' in error ? String(error.column) : ''
  const what =
    code === NOT_NULL_VIOLATION
      ? `wants a value in the column "${column}"`
      : 'has a rule that this user breaks'
  return new AppError(
    'users_adopted',
    `The table users belongs to another program and ${what}. Add ${email} with that program, or give the column a default; then go on here.`,
    { cause: error },
  )
}

/** Where an adopted table knows an email twice, the first user by id. */
export const findUserByEmail = async (
  database: Database,
  email: string,
): Promise<User | undefined> => {
  const rows = await database.query<Row>(`${SELECT} where u.email = $1 order by u.id limit 1`, [
    email,
  ])
  const row = firstOf(rows)
  return row && toUser(row)
}

export const findUser = async (database: Database, id: string): Promise<User | undefined> => {
  const row = firstOf(await database.query<Row>(`${SELECT} where u.id = $1`, [id]))
  return row && toUser(row)
}

type Place = { email: string; id: string }

/** By email, behind a place; at most `limit`. */
export const listUsers = async (
  database: Database,
  { after, limit }: { after?: Place | undefined; limit: number },
): Promise<User[]> => {
  const rows = await database.query<Row>(
    `${SELECT} where $1::text is null or (u.email, u.id) > ($1::text, $2::uuid)
     order by u.email, u.id limit $3`,
    [after?.email ?? null, after?.id ?? null, limit],
  )
  return rows.map(toUser)
}

export const setRole = async (database: Database, userId: string, role: Role): Promise<void> => {
  await database.query(
    `insert into user_settings (user_id, role) values ($1, $2)
     on conflict (user_id) do update set role = excluded.role`,
    [userId, role],
  )
}

/** @param maxInstances null: as many as there are services */
export const setMaxInstances = async (
  database: Database,
  userId: string,
  maxInstances: number | null,
): Promise<void> => {
  await database.query(
    `insert into user_settings (user_id, max_instances) values ($1, $2)
     on conflict (user_id) do update set max_instances = excluded.max_instances`,
    [userId, maxInstances],
  )
}
