import type { ToolUsage } from '../model/host-protocol.ts'

/** As the table has them; whatever else an own program sends is no name of a tool. */
const NAME = /^[\w.:/-]{1,128}$/

/** What a host said; undefined when it said nothing that can be understood. */
export const readToolReport = (
  report: string | undefined,
): Pick<ToolUsage, 'tool' | 'ok'> | undefined => {
  if (report === undefined) return undefined
  try {
    const { tool, ok } = JSON.parse(report) as Partial<ToolUsage>
    return typeof tool === 'string' && NAME.test(tool) ? { tool, ok: ok !== false } : undefined
  } catch {
    return undefined
  }
}
