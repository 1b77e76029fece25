import { createDurations } from './durations.ts'
import { createTally } from './tally.ts'
import { createTrafficCounter } from './traffic.ts'

/** Everything that is counted in a process; the parts count, `/metrics` and `berth top` read. */
export const createMeters = () => ({
  traffic: createTrafficCounter(),
  /** Requests under instance URLs that were not let in, by the code of the error. */
  refusals: createTally(),
  /** Requests to the API by what they came with: `admin`, `token`, `jwt`. */
  callers: createTally(),
  /** Bearer tokens that were not taken, by reason. */
  unknownCallers: createTally(),
  /** Processes that ended, by cause. */
  exits: createTally(),
  /** What the supervisor made of it: `leave`, `isolate`, `quarantine`. */
  verdicts: createTally(),
  /** Sealed values: `opened`, `failed`. */
  vault: createTally(),
  /** Rotations of the key ring: `done`, `failed`. */
  rotations: createTally(),
  queries: createDurations(),
  failedQueries: createDurations(),
  /** Requests to URLs of the older model by the way they took: `shared`, `old`, `away`, `unmoved`. */
  cutoverRequests: createTally(),
})

export type Meters = ReturnType<typeof createMeters>
