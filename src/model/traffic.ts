import { addLatency, emptyBuckets } from './latency.ts'

/** What went through a gateway for one service since it began. */
export type Traffic = {
  /** Answered requests by the first digit of their status; 0: upgraded connections. */
  byClass: number[]
  /** Answered with 400 or more, cut off, or a tool that failed. */
  errors: number
  /** Of those that are no streams, in {@link LATENCY_BOUNDS_MS}. */
  latency: number[]
  latencyMs: number
  inFlight: number
}

type Ended = { status: number; isError: boolean; isStream: boolean; latencyMs: number }

const CLASSES = 6

const newTraffic = (): Traffic => ({
  byClass: Array.from({ length: CLASSES }, () => 0),
  errors: 0,
  latency: emptyBuckets(),
  latencyMs: 0,
  inFlight: 0,
})

/** Counts requests by service, in plain numbers: it is done for every request. Its size is bounded by the registry. */
export const createTrafficCounter = () => {
  const services = new Map<string, Traffic>()
  const of = (service: string): Traffic => {
    let known = services.get(service)
    if (!known) services.set(service, (known = newTraffic()))
    return known
  }
  return {
    begin: (service: string): void => {
      of(service).inFlight += 1
    },
    end: (service: string, { status, isError, isStream, latencyMs }: Ended): void => {
      const traffic = of(service)
      traffic.inFlight -= 1
      const index = Math.floor(status / 100) % CLASSES
      traffic.byClass[index] = (traffic.byClass[index] ?? 0) + 1
      if (isError) traffic.errors += 1
      if (isStream) return
      addLatency(traffic.latency, latencyMs)
      traffic.latencyMs += latencyMs
    },
    services: (): ReadonlyMap<string, Traffic> => services,
  }
}
