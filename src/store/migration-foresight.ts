import { arrayText } from './array-text.ts'
import { firstOf, type Database } from './database.ts'

/** What the table of users is like; undefined when there is none. */
export const readUsersTable = async (
  database: Database,
): Promise<{ wantsEmail: boolean } | undefined> => {
  const rows = await database.query<{ wantsEmail: boolean }>(
    `select attnotnull as "wantsEmail" from pg_attribute
     where attrelid = to_regclass('users') and attname = 'email' and not attisdropped`,
  )
  return firstOf(rows)
}

/** Those of the emails that somebody has. */
export const findTakenEmails = async (
  database: Database,
  emails: readonly string[],
): Promise<Set<string>> => {
  const rows = await database.query<{ email: string }>(
    'select email::text as email from users where email = any ($1::text::text[])',
    [arrayText(emails)],
  )
  return new Set(rows.map(({ email }) => email))
}

/**
 * Those who have an instance of the service, as `user service`.
 *
 * @param without old rows whose instances do not count
 */
export const findHolders = async (
  database: Database,
  owners: readonly { userId: string; service: string }[],
  without: readonly string[],
): Promise<Set<string>> => {
  const rows = await database.query<{ holder: string }>(
    `select i.user_id::text || ' ' || i.service_type as holder
     from unnest($1::text::uuid[], $2::text::text[]) as o (user_id, service)
     join user_service_instances i on i.user_id = o.user_id and i.service_type = o.service
     where not exists (
       select 1 from migration_ledger l where l.instance_id = i.instance_id and l.old_instance_id = any ($3::text::uuid[]))`,
    [
      arrayText(owners.map(({ userId }) => userId)),
      arrayText(owners.map(({ service }) => service)),
      arrayText(without),
    ],
  )
  return new Set(rows.map(({ holder }) => holder))
}
