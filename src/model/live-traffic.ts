import { LATENCY_BOUNDS_MS } from './latency.ts'
import type { MeterReadings } from './meter-figures.ts'

/** What went through the gateways of one service since the daemon started. */
type LiveService = {
  service: string
  requests: number
  errors: number
  inFlight: number
  /** By {@link LATENCY_BOUNDS_MS}. */
  latency: number[]
}

/** `since`: when the counting began; another one means that the process is another. */
export type LiveTraffic = { at: string; since: string; boundsMs: number[]; services: LiveService[] }

const SINCE = new Date().toISOString()

export const liveTraffic = (counter: MeterReadings['traffic']): LiveTraffic => ({
  at: new Date().toISOString(),
  since: SINCE,
  boundsMs: [...LATENCY_BOUNDS_MS],
  services: [...counter.services()].map(([service, { byClass, errors, inFlight, latency }]) => ({
    service,
    requests: byClass.reduce((sum, count) => sum + count, 0),
    errors,
    inFlight,
    latency: [...latency],
  })),
})
