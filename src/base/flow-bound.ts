/** How much may flow: so many bytes a second, and so many at once. */
export type FlowLimits = { bytesPerSecond: number; burstBytes: number }

/** What one service may log: more than anybody reads, and little beside what a disk takes. */
export const LOG_FLOW: FlowLimits = { bytesPerSecond: 256 * 1024, burstBytes: 2 * 1024 * 1024 }

/**
 * Asks for so many bytes; the number is not asked for while nothing may flow, since a flood shall cost little.
 * @returns undefined: not now; otherwise how many asked in vain since the last that was let through
 */
export type FlowBound = (bytesOf: () => number) => number | undefined

/** A token bucket of bytes that counts what it turns away, so that a log can say what it left out. */
export const createFlowBound = (
  { bytesPerSecond, burstBytes }: FlowLimits,
  now: () => number = Date.now,
): FlowBound => {
  let left = burstBytes
  let at = now()
  let refused = 0
  return (bytesOf) => {
    const time = now()
    left = Math.min(burstBytes, left + ((time - at) * bytesPerSecond) / 1000)
    at = time
    // Whatever was refused is told of when there is room again, not with each line that squeezes through.
    const isClosed = refused > 0 && left < burstBytes / 4
    const bytes = isClosed ? 0 : bytesOf()
    if (isClosed || left < bytes) {
      refused += 1
      return undefined
    }
    left -= bytes
    const told = refused
    refused = 0
    return told
  }
}
