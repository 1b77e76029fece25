/** What a look after so many requests by each path asks for: quantiles of the normal distribution, one-sided. */
export type Look = {
  requests: number
  /** Beyond it the new path is slower. */
  latencyZ: number
  /** Beyond it the new path has more slow requests. */
  tailZ: number
}

/**
 * The looks of one comparison. Each may say `worse` by chance, so they share one per cent, together with the test of the
 * errors: most of it lies where an effect shall be found, that is at 100 requests for a latency of 1.5 times the old one
 * (0.3 %) and at 400 for one request in ten that takes ten times as long (0.1 %).
 */
export const LOOKS: readonly Look[] = [
  { requests: 50, latencyZ: 3.54, tailZ: 3.72 },
  { requests: 100, latencyZ: 2.75, tailZ: 3.54 },
  { requests: 200, latencyZ: 3.54, tailZ: 3.54 },
  { requests: 400, latencyZ: 3.72, tailZ: 3.09 },
  { requests: 800, latencyZ: 3.72, tailZ: 3.72 },
]

/** Bounds that are reached by chance so many times more rarely, by its logarithm: a normal deviate's tail goes with exp(-z²/2). */
export const stricter = ({ requests, latencyZ, tailZ }: Look, strictness: number): Look => {
  const raise = (z: number): number => Math.sqrt(z * z + 2 * strictness)
  return { requests, latencyZ: raise(latencyZ), tailZ: raise(tailZ) }
}

/** What `not worse` asks for: to be wrong about it costs no more than a later look that says so. */
export const NOT_WORSE_Z = 1.645
