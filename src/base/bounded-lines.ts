import { createFlowBound, LOG_FLOW, type FlowBound } from './flow-bound.ts'
import { toLine, type Fields, type LogLevel } from './log-line.ts'

/** Above any fleet; whoever comes later shares one bound. */
const MAX_SOURCES = 5_000

/**
 * Lines of many services through one output, each within its own bound: a service that floods loses lines, and the next of
 * its lines says how many. What is of no service has a bound of its own.
 */
export const createBoundedLines = (
  write: (level: LogLevel, line: string) => void,
  format: (level: LogLevel, fields: Fields) => string = toLine,
  now: () => number = Date.now,
) => {
  const bounds = new Map<string, FlowBound>()
  const boundOf = (source: string): FlowBound => {
    const key = bounds.has(source) || bounds.size < MAX_SOURCES ? source : ''
    const bound = bounds.get(key) ?? createFlowBound(LOG_FLOW, now)
    bounds.set(key, bound)
    return bound
  }
  return (level: LogLevel, fields: Fields): void => {
    const { part, service } = fields
    let line = ''
    const dropped = boundOf(typeof service === 'string' ? service : '')(() => {
      line = format(level, fields)
      return line.length + 1
    })
    if (dropped === undefined) return
    if (dropped > 0)
      write('warn', format('warn', { part, ...(service !== undefined && { service }), event: 'lines dropped', dropped })) // prettier-ignore
    write(level, line)
  }
}
