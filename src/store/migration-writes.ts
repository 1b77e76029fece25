import { arrayText } from './array-text.ts'
import { firstOf, type Database } from './database.ts'

/** An instance as a migration makes it. */
export type MadeInstance = {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
  /** Hex. */
  secretHash: string
  sealedSecret: string
}

/**
 * This transaction does not wait until it is on disk. If the server loses its power, the last batches are gone as a whole, and
 * the next run makes them again; what ends a run waits for the disk, and with it for all before.
 */
export const commitLater = async (transaction: Database): Promise<void> => {
  await transaction.query('set local synchronous_commit = off')
}

/** Migrated keys are checked over a day: their APIs need not hear of all of them at once. */
const CHECKED_WITHIN = `interval '1 day'`

/**
 * Makes instances; one whose handle is taken, or whose user has one of the service already, is left out.
 * @returns the handles that were made
 */
export const insertMade = async (
  transaction: Database,
  instances: readonly MadeInstance[],
  sandbox: boolean,
): Promise<Set<string>> => {
  if (instances.length === 0) return new Set()
  const column = (of: (instance: MadeInstance) => string) => arrayText(instances.map(of))
  const rows = await transaction.query<{ handle: string }>(
    `insert into user_service_instances
       (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, sandbox, check_at)
     select handle, user_id, service, sealed, decode(hash, 'hex'), secret, $7, now() + random() * ${CHECKED_WITHIN}
     from unnest($1::text::text[], $2::text::uuid[], $3::text::text[], $4::text::text[], $5::text::text[],
       $6::text::text[]) as t (handle, user_id, service, sealed, hash, secret)
     on conflict do nothing returning instance_id as handle`,
    [
      column(({ handle }) => handle),
      column(({ userId }) => userId),
      column(({ service }) => service),
      column(({ sealedCredentials }) => sealedCredentials),
      column(({ secretHash }) => secretHash),
      column(({ sealedSecret }) => sealedSecret),
      sandbox,
    ],
  )
  return new Set(rows.map(({ handle }) => handle))
}

export const hasInstance = async (
  database: Database,
  owner: { userId: string; service: string },
): Promise<boolean> => {
  const rows = await database.query(
    'select 1 from user_service_instances where user_id = $1 and service_type = $2',
    [owner.userId, owner.service],
  )
  return rows.length > 0
}

/** The sealed credentials of an instance that is as the ledger's row wrote it; undefined when somebody changed it since. */
export const holdIntact = async (
  transaction: Database,
  oldId: string,
): Promise<string | undefined> => {
  const rows = await transaction.query<{ sealed: string }>(
    `select i.encrypted_api_key as sealed from user_service_instances i
     join migration_ledger l on l.instance_id = i.instance_id and l.moved_at = i.updated_at
     where l.old_instance_id = $1 for update of i`,
    [oldId],
  )
  return firstOf(rows)?.sealed
}

/** Other credentials for an instance that is held; null: the same. Its `updated_at` goes with the ledger's. */
export const replaceMoved = async (
  transaction: Database,
  handle: string,
  sealedCredentials: string | null,
): Promise<void> => {
  await transaction.query(
    `update user_service_instances set encrypted_api_key = coalesce($2, encrypted_api_key), updated_at = now(),
       check_at = case when $2::text is null then check_at else now() end where instance_id = $1`,
    [handle, sealedCredentials],
  )
}

export const dropMade = async (transaction: Database, handle: string): Promise<void> => {
  await transaction.query('delete from user_service_instances where instance_id = $1', [handle])
}

/** Which of these users are here. */
export const knownUsers = async (
  database: Database,
  ids: readonly string[],
): Promise<Set<string>> => {
  const rows = await database.query<{ id: string }>(
    'select id::text as id from users where id = any ($1::text::uuid[])',
    [arrayText(ids)],
  )
  return new Set(rows.map(({ id }) => id))
}

/**
 * Copies users who are not here yet, by id and email. One whose email another user has is left out.
 * @returns the ids that were copied
 */
export const copyUsers = async (
  transaction: Database,
  runId: string,
  users: readonly { id: string; email: string }[],
): Promise<void> => {
  await transaction.query(
    `with copied as (
       insert into users (id, email)
       select id, email from unnest($2::text::uuid[], $3::text::text[]) as t (id, email)
       where not exists (select 1 from users u where u.email = t.email)
       on conflict do nothing returning id)
     insert into migration_users (user_id, run_id) select id, $1 from copied on conflict do nothing`,
    [runId, arrayText(users.map(({ id }) => id)), arrayText(users.map(({ email }) => email))],
  )
}
