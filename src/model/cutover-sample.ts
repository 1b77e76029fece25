/**
 * What may be wrong with a request to an old URL: answered with 400 or more; cut off; no answer has begun for a long time;
 * the host was away, so that the old server had to serve; an error of the tool or of JSON-RPC inside an answer of 200.
 */
export type Fault = 'status' | 'cut' | 'silent' | 'away' | 'tool'

/** One request of a moved instance, for the comparison of both ways. */
export type SampleRow = {
  epoch: number
  isNew: boolean
  service: string
  instanceId: string
  latencyMs: number
  fault: Fault | null
}
