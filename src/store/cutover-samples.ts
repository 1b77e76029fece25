import type { SampleRow } from '../model/cutover-sample.ts'
import type { Database } from './database.ts'

export const addSamples = async (database: Database, rows: readonly SampleRow[]): Promise<void> => {
  await database.query(
    `insert into cutover_samples (epoch, is_new, service, instance_id, latency_ms, fault)
     select epoch, is_new, service, instance_id, latency_ms, fault
     from unnest($1::int[], $2::boolean[], $3::text[], $4::text[], $5::real[], $6::text[])
       as sample(epoch, is_new, service, instance_id, latency_ms, fault)`,
    [
      rows.map(({ epoch }) => epoch),
      rows.map(({ isNew }) => isNew),
      rows.map(({ service }) => service),
      rows.map(({ instanceId }) => instanceId),
      rows.map(({ latencyMs }) => latencyMs),
      rows.map(({ fault }) => fault),
    ],
  )
}

type StoredSample = SampleRow & { id: number }

const COLUMNS = `id::int, epoch, is_new as "isNew", service, instance_id as "instanceId", latency_ms as "latencyMs", fault`

/** The next samples of an epoch behind an id, in their order. */
export const listSamplesAfter = (
  database: Database,
  { epoch, after, limit }: { epoch: number; after: number; limit: number },
): Promise<StoredSample[]> =>
  database.query<StoredSample>(
    `select ${COLUMNS} from cutover_samples where epoch = $1 and id > $2 order by id limit $3`,
    [epoch, after, limit],
  )
/** What the old path did in earlier epochs, newest first: what is known of its errors. */
export const listOldSamplesBefore = (
  database: Database,
  { epoch, limit }: { epoch: number; limit: number },
): Promise<StoredSample[]> =>
  database.query<StoredSample>(
    `select ${COLUMNS} from cutover_samples where epoch < $1 and not is_new order by id desc limit $2`,
    [epoch, limit],
  )

/** Forgets those up to an id; without one all: another cutover begins, or the last has ended. */
export const removeSamples = async (database: Database, upTo?: number): Promise<void> => {
  await database.query('delete from cutover_samples where $1::bigint is null or id <= $1', [upTo ?? null]) // prettier-ignore
}
