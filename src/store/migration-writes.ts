import { arrayText } from './array-text.ts'
import { firstOf, type Database } from './database.ts'

/** An instance as a migration makes it, and what the ledger says of it. */
export type MovedRow = {
  oldId: string
  oldType: string
  /** Hex. */
  tokenHash: string | null
  /** Hex. */
  hash: string
  isIncomplete: boolean
  handle: string
  userId: string
  service: string
  /** When its key is checked: seconds from now. */
  checkAfterS: number
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

/**
 * Makes instances and notes them in the ledger, all in one statement. One whose handle is taken, or whose user has one of the
 * service already, is left out.
 *
 * @returns the handles that were left out
 */
export const insertMoved = async (
  transaction: Database,
  { runId, isSandbox }: { runId: string; isSandbox: boolean },
  rows: readonly MovedRow[],
): Promise<Set<string>> => {
  if (rows.length === 0) return new Set()
  const column = (of: (row: MovedRow) => string | null) => arrayText(rows.map(of))
  const omitted = await transaction.query<{ handle: string }>(
    `with given as materialized (
       select * from unnest($3::text::uuid[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::boolean[],
         $8::text::text[], $9::text::uuid[], $10::text::text[], $11::text::text[], $12::text::text[], $13::text::text[],
         $14::text::float8[])
         as t (id, type, token, hash, incomplete, handle, user_id, service, sealed, secret_hash, secret, check_after)),
     made as (
       insert into user_service_instances
         (instance_id, user_id, service_type, encrypted_api_key, secret_hash, sealed_secret, sandbox, check_at)
       select handle, user_id, service, sealed, decode(secret_hash, 'hex'), secret, $2, now() + check_after * interval '1 second'
       from given on conflict do nothing returning instance_id),
     noted as (
       insert into migration_ledger
         (old_instance_id, old_type, old_token_hash, user_id, outcome, instance_id, source_hash, flags, run_id, made, moved_at)
       select id, type, decode(token, 'hex'), user_id, 'moved', handle, decode(hash, 'hex'),
         case when incomplete then '{incomplete}'::text[] else '{}' end, $1, true, now()
       from given where handle in (select instance_id from made)
       on conflict (old_instance_id) do update set
         old_type = excluded.old_type, old_token_hash = excluded.old_token_hash, user_id = excluded.user_id,
         outcome = excluded.outcome, reason = null, instance_id = excluded.instance_id, source_hash = excluded.source_hash,
         flags = excluded.flags, run_id = excluded.run_id, made = excluded.made, moved_at = excluded.moved_at)
     select handle from given where handle not in (select instance_id from made)`,
    [
      runId,
      isSandbox,
      column(({ oldId }) => oldId),
      column(({ oldType }) => oldType),
      column(({ tokenHash }) => tokenHash),
      column(({ hash }) => hash),
      column(({ isIncomplete }) => (isIncomplete ? 't' : 'f')),
      column(({ handle }) => handle),
      column(({ userId }) => userId),
      column(({ service }) => service),
      column(({ sealedCredentials }) => sealedCredentials),
      column(({ secretHash }) => secretHash),
      column(({ sealedSecret }) => sealedSecret),
      column(({ checkAfterS }) => String(checkAfterS)),
    ],
  )
  return new Set(omitted.map(({ handle }) => handle))
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
  users: readonly { id: string; email: string | null }[],
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
