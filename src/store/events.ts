import type { NewEvent, StoredEvent } from '../model/event.ts'
import { noteBatch, type BatchWriter } from './batch-writers.ts'
import { firstOf, type Database } from './database.ts'

/** Any number, the same for all: whoever adds events waits for the others, so ids become visible in their order. */
const ADVISORY_LOCK = 4_916_2

/** Adds events behind the last one, all or none; a batch that is there already is left out. */
export const appendEvents = (
  database: Database,
  writer: BatchWriter,
  events: readonly NewEvent[],
): Promise<void> =>
  database.transaction(async (transaction) => {
    await transaction.query('select pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    if (!(await noteBatch(transaction, writer))) return
    const column = (valueOf: (event: NewEvent) => unknown) => events.map((event) => valueOf(event) ?? null) // prettier-ignore
    await transaction.query(
      `insert into events (at, type, service, instance_id, user_id, message, data)
       select at, type, service, instance_id, user_id, message, data
       from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::jsonb[])
         with ordinality as new(at, type, service, instance_id, user_id, message, data, place)
       order by place`,
      [
        column(({ at }) => at),
        column(({ type }) => type),
        column(({ service }) => service),
        column(({ instanceId }) => instanceId),
        column(({ userId }) => userId),
        column(({ message }) => message),
        column(({ data }) => data),
      ],
    )
  })

export type EventFilter = {
  /** Beginnings of types, such as `service.`; empty or absent: all. */
  types?: readonly string[] | undefined
  service?: string | undefined
  instanceId?: string | undefined
  /** Of this user's instances alone. */
  userId?: string | undefined
}

type Row = Omit<StoredEvent, 'id'> & { id: string }

const COLUMNS = `id, at, type, service, instance_id as "instanceId", user_id as "userId", message, data`
const MATCHES = `(cardinality($1::text[]) = 0 or exists (select from unnest($1::text[]) prefix where starts_with(type, prefix)))
  and ($2::text is null or service = $2) and ($3::text is null or instance_id = $3)
  and ($4::uuid is null or user_id = $4)`

const valuesOf = ({ types = [], service, instanceId, userId }: EventFilter) =>
  [[...types], service ?? null, instanceId ?? null, userId ?? null] as const

const toEvent = (row: Row): StoredEvent => ({ ...row, id: Number(row.id) })

/** The next events behind an id and up to another, oldest first. */
export const listEventsAfter = async (
  database: Database,
  filter: EventFilter,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<StoredEvent[]> => {
  const rows = await database.query<Row>(
    `select ${COLUMNS} from events where ${MATCHES} and id > $5 and id <= $6 order by id limit $7`,
    [...valuesOf(filter), after, upTo, limit],
  )
  return rows.map(toEvent)
}

/** The newest events, before an id if one is given, newest first. */
export const listNewestEvents = async (
  database: Database,
  filter: EventFilter,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<StoredEvent[]> => {
  const rows = await database.query<Row>(
    `select ${COLUMNS} from events where ${MATCHES} and ($5::bigint is null or id < $5) order by id desc limit $6`,
    [...valuesOf(filter), before ?? null, limit],
  )
  return rows.map(toEvent)
}

/** The id of the last event; 0 without any. What is behind it now was written later. */
export const lastEventId = async (database: Database): Promise<number> => {
  const rows = await database.query<{ last: string | null }>('select max(id) as last from events')
  return Number(firstOf(rows)?.last ?? 0)
}

const KEPT = '30 days'

/** Forgets what is old. */
export const pruneEvents = async (database: Database): Promise<void> => {
  await database.query(`delete from events where at < now() - interval '${KEPT}'`)
}
