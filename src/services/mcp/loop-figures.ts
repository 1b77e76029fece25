import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks'
import type { LoopFigures } from '../../model/host-figures.ts'

/** Few wake-ups: hundreds of idle hosts shall stay idle. */
const RESOLUTION_MS = 200
const NS_PER_MS = 1e6

/** Measures the event loop from the first call on, so that it costs nothing where nobody asks. */
export const createLoopMeter = (): (() => LoopFigures) => {
  let before: EventLoopUtilization | undefined
  let delays: ReturnType<typeof monitorEventLoopDelay> | undefined
  // The histogram holds whole intervals; what is above the resolution is delay.
  const delayMs = (ns: number): number =>
    Number.isFinite(ns) ? Math.max(0, ns / NS_PER_MS - RESOLUTION_MS) : 0
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = before ? performance.eventLoopUtilization(now, before) : now
    before = now
    if (!delays) {
      delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      delays.enable()
      return { meanMs: 0, maxMs: 0, utilization }
    }
    const figures = { meanMs: delayMs(delays.mean), maxMs: delayMs(delays.max), utilization }
    delays.reset()
    return figures
  }
}
