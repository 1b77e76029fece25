import type { TopRow } from './rows.ts'

export const SORTS = [
  'requests',
  'p95',
  'errors',
  'memory',
  'restarts',
  'state',
  'service',
] as const
type Sort = (typeof SORTS)[number]

/** `trouble`: what neither answers nor was stopped. `busy`: with requests. */
export const FILTERS = ['all', 'trouble', 'busy'] as const
type Filter = (typeof FILTERS)[number]

/** What of the fleet is shown, and how. */
export type Selection = {
  sort: Sort
  isReversed: boolean
  filter: Filter
  search: string
  /** Keys go into the search. */
  isSearching: boolean
  /** Rows above the first one that is shown. */
  offset: number
}

export const START: Selection = {
  sort: 'requests',
  isReversed: false,
  filter: 'all',
  search: '',
  isSearching: false,
  offset: 0,
}

const WORST_FIRST = ['quarantined', 'unhealthy', 'degraded', 'starting', 'stopped', 'planned', 'healthy'] // prettier-ignore

/** The higher, the further up. */
const RANK: Readonly<Record<Exclude<Sort, 'service'>, (row: TopRow) => number>> = {
  requests: (row) => row.requestsPerSecond,
  p95: (row) => row.p95Ms ?? -1,
  errors: (row) => row.errorsPerSecond,
  memory: (row) => row.memoryBytes,
  restarts: (row) => row.restarts,
  state: (row) => -WORST_FIRST.indexOf(row.state),
}

const PASSES: Readonly<Record<Filter, (row: TopRow) => boolean>> = {
  all: () => true,
  trouble: ({ state }) => !['healthy', 'planned', 'stopped'].includes(state),
  busy: (row) => row.requestsPerSecond > 0 || row.inFlight > 0,
}

/** The rows that are asked for, in order; equal ones by name, so that nothing jumps. */
export const select = (rows: readonly TopRow[], selection: Selection): TopRow[] => {
  const { sort, isReversed, filter, search } = selection
  const wanted = search.toLowerCase()
  const found = rows.filter(
    (row) => PASSES[filter](row) && `${row.service} ${row.host}`.toLowerCase().includes(wanted),
  )
  const byName = (a: TopRow, b: TopRow) => (a.service < b.service ? -1 : 1)
  const byRank = (a: TopRow, b: TopRow) =>
    sort === 'service' ? byName(a, b) : RANK[sort](b) - RANK[sort](a) || byName(a, b)
  return found.sort(isReversed ? (a, b) => byRank(b, a) : byRank)
}
