import {
  histogramSamples,
  tallySamples,
  type Family,
  type Measured,
  type Sample,
} from './families.ts'

const QUERIES = 'berth_database_query_duration_seconds'

/** Of vault, database and authentication, and of migration and cutover. */
export const storeFamilies = (measured: Measured): Family[] => [
  ...vaultFamilies(measured),
  ...databaseFamilies(measured),
  ...callerFamilies(measured),
]

const counter = (name: string, help: string, read: () => Sample[]): Family => ({
  name,
  help,
  type: 'counter',
  read,
})

const vaultFamilies = ({ meters, isRotating }: Measured): Family[] => [
  counter('berth_vault_opens_total', 'Sealed values that were asked for, by outcome.', () =>
    tallySamples(meters.vault.counts(), 'outcome'),
  ),
  counter('berth_vault_rotations_total', 'Rotations of the key ring, by outcome.', () =>
    tallySamples(meters.rotations.counts(), 'outcome'),
  ),
  {
    name: 'berth_vault_rotation_running',
    help: 'Whether a rotation of the key ring goes on.',
    type: 'gauge',
    read: () => (isRotating === undefined ? [] : [{ labels: {}, value: isRotating ? 1 : 0 }]),
  },
]

const databaseFamilies = ({ meters, pool }: Measured): Family[] => [
  {
    name: QUERIES,
    help: 'Time of a statement or a whole transaction, with the wait for a connection.',
    type: 'histogram',
    read: () => [
      ...histogramSamples(QUERIES, { outcome: 'ok' }, meters.queries.figures()),
      ...histogramSamples(QUERIES, { outcome: 'failed' }, meters.failedQueries.figures()),
    ],
  },
  {
    name: 'berth_database_connections',
    help: 'Connections of the pool by state, and who waits for one.',
    type: 'gauge',
    read: () => (pool ? poolSamples(pool) : []),
  },
]

const poolSamples = ({ total, idle, waiting }: NonNullable<Measured['pool']>): Sample[] => [
  { labels: { state: 'busy' }, value: total - idle },
  { labels: { state: 'idle' }, value: idle },
  { labels: { state: 'waiting' }, value: waiting },
]

const callerFamilies = ({ meters, migrated }: Measured): Family[] => [
  counter('berth_authentications_total', 'Requests whose sender is known, by what they came with.', () => [
    { labels: { kind: 'instance' }, value: servedIn(meters) },
    ...tallySamples(meters.callers.counts(), 'kind'),
  ]), // prettier-ignore
  counter('berth_authentication_failures_total', 'Bearer tokens at the API that were not taken, by reason.', () =>
    tallySamples(meters.unknownCallers.counts(), 'reason'),
  ), // prettier-ignore
  counter('berth_migration_instances_total', 'Instances of the older model: moved, or why they were left.', () =>
    tallySamples(migrated ?? new Map(), 'outcome'),
  ), // prettier-ignore
  counter('berth_cutover_requests_total', 'Requests to URLs of the older model, by the way they took.', () =>
    tallySamples(meters.cutoverRequests.counts(), 'way'),
  ), // prettier-ignore
]

const servedIn = ({ traffic }: Measured['meters']): number =>
  [...traffic.services().values()].flatMap(({ byClass }) => byClass).reduce((a, b) => a + b, 0)
