import type { Log } from '../../base/log.ts'
import type { CallFigures } from '../../model/host-figures.ts'
import type { ToolUsage } from '../../model/host-protocol.ts'

export type Calls = {
  /** @param requestId that of the gateway, by which its log and this one are brought together */
  count: (service: string, usage: ToolUsage, requestId: string) => void
  /** By service, since this process began. */
  figures: () => Record<string, CallFigures>
}

/** Counts the tool calls of this process, and logs those that failed. */
export const createCalls = (log: Log): Calls => {
  const counted = new Map<string, CallFigures>()
  return {
    count: (service, usage, requestId) => {
      const figures = counted.get(service) ?? { calls: 0, errors: 0 }
      counted.set(service, figures)
      figures.calls += 1
      if (usage.ok) return
      figures.errors += 1
      const { tool, status, ms } = usage
      log.warn('tool failed', { service, tool, status, ms, requestId })
    },
    figures: () => Object.fromEntries(counted),
  }
}
