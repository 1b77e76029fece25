import type { Database } from './database.ts'

/** One answered request of a moved instance. */
export type SampleRow = {
  epoch: number
  isNew: boolean
  service: string
  instanceId: string
  latencyMs: number
  isError: boolean
}

export const addSamples = async (database: Database, rows: readonly SampleRow[]): Promise<void> => {
  await database.query(
    `insert into cutover_samples (epoch, is_new, service, instance_id, latency_ms, is_error)
     select epoch, is_new, service, instance_id, latency_ms, is_error
     from unnest($1::int[], $2::boolean[], $3::text[], $4::text[], $5::real[], $6::boolean[])
       as sample(epoch, is_new, service, instance_id, latency_ms, is_error)`,
    [
      rows.map(({ epoch }) => epoch),
      rows.map(({ isNew }) => isNew),
      rows.map(({ service }) => service),
      rows.map(({ instanceId }) => instanceId),
      rows.map(({ latencyMs }) => latencyMs),
      rows.map(({ isError }) => isError),
    ],
  )
}

type StoredSample = SampleRow & { id: number }

const COLUMNS = `id::int, epoch, is_new as "isNew", service, instance_id as "instanceId", latency_ms as "latencyMs", is_error as "isError"`

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

/** Forgets all of them: another cutover begins, or the last has ended. */
export const removeSamples = async (database: Database): Promise<void> => {
  await database.query('delete from cutover_samples')
}
