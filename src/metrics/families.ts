import type { FleetStatus } from '../model/fleet.ts'
import type { HostFigures } from '../model/host-figures.ts'
import { LATENCY_BOUNDS_MS } from '../model/latency.ts'
import type { MeterReadings } from '../model/meter-figures.ts'

type Labels = Readonly<Record<string, string>>
/** Of a histogram the name ends in `_bucket`, `_sum` or `_count`. */
export type Sample = { metricName?: string; labels: Labels; value: number }

/** Metrics of one name. */
export type Family = {
  name: string
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  read: () => Sample[]
}

/** What of the fleet is measured for one scrape. */
export type Measured = {
  meters: MeterReadings
  status?: FleetStatus
  hosts?: readonly HostFigures[]
  pool?: { total: number; idle: number; waiting: number } | undefined
  isRotating?: boolean
  /** Instances of the older model: `moved`, or why they were left. */
  migrated?: ReadonlyMap<string, number> | undefined
}

export const tallySamples = (counts: ReadonlyMap<string, number>, label: string): Sample[] =>
  [...counts].map(([word, value]) => ({ labels: { [label]: word }, value }))

/** A histogram in seconds of buckets in {@link LATENCY_BOUNDS_MS}. */
export const histogramSamples = (
  name: string,
  labels: Labels,
  { buckets, totalMs }: { buckets: readonly number[]; totalMs: number },
): Sample[] => {
  let count = 0
  const samples: Sample[] = buckets.map((inBucket, index) => {
    count += inBucket
    const bound = LATENCY_BOUNDS_MS[index]
    const le = bound === undefined ? '+Inf' : String(bound / 1000)
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  return [
    ...samples,
    { metricName: `${name}_sum`, labels, value: totalMs / 1000 },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
