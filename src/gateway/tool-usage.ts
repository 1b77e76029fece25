import type { ToolUsage } from '../model/host-protocol.ts'

const reports = new WeakMap<object, string>()

/** Remembers what a host said of the call that an answer is of, until it ends. */
export const noteToolUsage = (answer: object, report: string): void => {
  reports.set(answer, report)
}

/** As the table has them; whatever else an own program sends is no name of a tool. */
const NAME = /^[\w.:/-]{1,128}$/

/** What a host said; undefined when it said nothing that can be understood. */
export const toolUsageOf = (answer: object): Pick<ToolUsage, 'tool' | 'ok'> | undefined => {
  const report = reports.get(answer)
  if (report === undefined) return undefined
  try {
    const { tool, ok } = JSON.parse(report) as Partial<ToolUsage>
    return typeof tool === 'string' && NAME.test(tool) ? { tool, ok: ok !== false } : undefined
  } catch {
    return undefined
  }
}
