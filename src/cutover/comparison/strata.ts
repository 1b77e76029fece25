import type { Arm, Sample } from './sample.ts'

/** The latencies of one service by both paths, in milliseconds, with the tolerance. */
export type Stratum = Record<Arm, readonly number[]>

type Counted = { requests: number; seen: number; kept: number[] }

/** Of one service and path; beyond it each request has the same chance to be among the kept ones. */
const MAX_KEPT = 4_000

/**
 * Latencies by service: services differ in how slow they are, and the paths in how much of each they carry. Errors are left
 * out, since many fail quickly, and so are services that one path alone has carried.
 */
export const createStrata = (toleranceMs: number, random: () => number = Math.random) => {
  const services = new Map<string, Record<Arm, Counted>>()
  return {
    add: ({ arm, service, latencyMs, fault }: Sample): void => {
      const arms = services.get(service) ?? { old: newCounted(), new: newCounted() }
      services.set(service, arms)
      arms[arm].requests += 1
      if (fault === null) keep(arms[arm], latencyMs + toleranceMs, random)
    },
    strata: (): Stratum[] =>
      [...services.values()]
        .filter((arms) => arms.old.seen > 0 && arms.new.seen > 0)
        .map((arms) => ({ old: arms.old.kept, new: arms.new.kept })),
    /** Requests that can be compared, errors among them, by the path that has fewer. */
    size: (): number => {
      const sizes = { old: 0, new: 0 }
      for (const arms of services.values()) {
        if (arms.old.requests === 0 || arms.new.requests === 0) continue
        sizes.old += arms.old.requests
        sizes.new += arms.new.requests
      }
      return Math.min(sizes.old, sizes.new)
    },
  }
}

const newCounted = (): Counted => ({ requests: 0, seen: 0, kept: [] })

/** Reservoir sampling. */
const keep = (counted: Counted, value: number, random: () => number): void => {
  counted.seen += 1
  if (counted.kept.length < MAX_KEPT) counted.kept.push(value)
  else {
    const place = Math.floor(random() * counted.seen)
    if (place < MAX_KEPT) counted.kept[place] = value
  }
}
