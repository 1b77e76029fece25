import type { StoredEvent } from '../model/event.ts'
import type { Webhook } from '../model/webhook.ts'
import { firstOf, type Database } from './database.ts'

/** A sender that is gone holds a webhook no longer than this. */
const LEASE = '60 seconds'
const COLUMNS = `id, origin, sealed_url as "sealedUrl", sealed_secret as "sealedSecret", types, service,
  allow_private as "allowPrivate", state, created_at as "createdAt", cursor, tries, try_at as "tryAt", failure,
  delivered_at as "deliveredAt"`

type Row = Omit<Webhook, 'cursor'> & { cursor: string }
const toWebhook = (row: Row): Webhook => ({ ...row, cursor: Number(row.cursor) })

export type NewWebhook = Pick<
  Webhook,
  'id' | 'origin' | 'sealedUrl' | 'sealedSecret' | 'types' | 'service' | 'allowPrivate'
>

/** A new webhook hears of what happens from now on. */
export const insertWebhook = async (database: Database, hook: NewWebhook): Promise<void> => {
  await database.query(
    `insert into webhooks (id, origin, sealed_url, sealed_secret, types, service, allow_private, cursor)
     values ($1, $2, $3, $4, $5, $6, $7, (select coalesce(max(id), 0) from events))`,
    [hook.id, hook.origin, hook.sealedUrl, hook.sealedSecret, hook.types, hook.service, hook.allowPrivate], // prettier-ignore
  )
}

export const findWebhook = async (database: Database, id: string): Promise<Webhook | undefined> => {
  const rows = await database.query<Row>(`select ${COLUMNS} from webhooks where id = $1`, [id])
  const row = firstOf(rows)
  return row && toWebhook(row)
}

/** All, each with how many events are behind its cursor and how many it never took. */
export const listWebhooks = async (
  database: Database,
): Promise<(Webhook & { waiting: number; deadLetters: number })[]> => {
  const rows = await database.query<Row & { waiting: string; dead: string }>(
    `select ${COLUMNS}, (select count(*) from events where events.id > webhooks.cursor) as waiting,
       (select count(*) from webhook_dead_letters where webhook_id = webhooks.id) as dead
     from webhooks order by created_at, id`,
  )
  return rows.map(({ waiting, dead, ...row }) => ({
    ...toWebhook(row),
    waiting: Number(waiting),
    deadLetters: Number(dead),
  }))
}

/** @returns whether there was one */
export const deleteWebhook = async (database: Database, id: string): Promise<boolean> =>
  (await database.query('delete from webhooks where id = $1 returning id', [id])).length > 0

/** Takes the webhooks that have something to send, so that no other process sends for them. */
export const claimWebhooks = async (database: Database, lease: string): Promise<Webhook[]> => {
  const rows = await database.query<Row>(
    `update webhooks set lease = $1, lease_until = now() + interval '${LEASE}'
     where id in (
       select id from webhooks
       where state = 'active' and try_at <= now() and cursor < (select coalesce(max(id), 0) from events)
         and (lease is null or lease = $1 or lease_until < now())
       order by id for update skip locked)
     returning ${COLUMNS}`,
    [lease],
  )
  return rows.map(toWebhook)
}

/** Whose turn it is; who has lost it must not go on. */
export type Held = { id: string; lease: string }

/** Everything up to the cursor is dealt with. @returns false when the lease is another's by now */
export const noteProgress = async (
  database: Database,
  { id, lease }: Held,
  { cursor, isDelivered }: { cursor: number; isDelivered: boolean },
): Promise<boolean> => {
  const rows = await database.query(
    `update webhooks set cursor = $3, lease_until = now() + interval '${LEASE}',
       tries = case when $4 then 0 else tries end, failure = case when $4 then null else failure end,
       delivered_at = case when $4 then now() else delivered_at end
     where id = $1 and lease = $2 returning id`,
    [id, lease, cursor, isDelivered],
  )
  return rows.length > 0
}

export const noteFailure = async (
  database: Database,
  { id, lease }: Held,
  { tries, waitMs, failure }: { tries: number; waitMs: number; failure: string },
): Promise<void> => {
  await database.query(
    `update webhooks set tries = $3, try_at = now() + $4 * interval '1 millisecond', failure = $5
     where id = $1 and lease = $2`,
    [id, lease, tries, waitMs, failure],
  )
}

/** Nothing is sent any more. */
export const retireWebhook = async (database: Database, { id, lease }: Held): Promise<void> => {
  await database.query(`update webhooks set state = 'gone' where id = $1 and lease = $2`, [id, lease]) // prettier-ignore
}

export const releaseWebhooks = async (database: Database, lease: string): Promise<void> => {
  await database.query('update webhooks set lease = null where lease = $1', [lease])
}

/** Events that a target will not get: kept beside, and the cursor goes past them. */
export const buryEvents = (
  database: Database,
  { id, lease }: Held,
  { events, reason }: { events: readonly StoredEvent[]; reason: string },
): Promise<void> =>
  database.transaction(async (transaction) => {
    const rows = await transaction.query(
      `update webhooks set cursor = $3, tries = 0 where id = $1 and lease = $2 returning id`,
      [id, lease, events.at(-1)?.id],
    )
    if (rows.length === 0) return
    await transaction.query(
      `insert into webhook_dead_letters (webhook_id, event_id, reason, event)
       select $1, event_id, $3, event from unnest($2::bigint[], $4::jsonb[]) as dead(event_id, event)
       on conflict do nothing`,
      [id, events.map((event) => event.id), reason, events.map((event) => JSON.stringify(event))],
    )
  })

/** The newest first. */
export const listDeadLetters = async (
  database: Database,
  id: string,
  limit: number,
): Promise<{ eventId: number; at: Date; reason: string; event: unknown }[]> => {
  const rows = await database.query<{ eventId: string; at: Date; reason: string; event: unknown }>(
    `select event_id as "eventId", at, reason, event from webhook_dead_letters
     where webhook_id = $1 order by event_id desc limit $2`,
    [id, limit],
  )
  return rows.map((row) => ({ ...row, eventId: Number(row.eventId) }))
}

const KEPT = '30 days'

export const pruneDeadLetters = async (database: Database): Promise<void> => {
  await database.query(`delete from webhook_dead_letters where at < now() - interval '${KEPT}'`)
}
