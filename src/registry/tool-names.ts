import type { Problem } from './parse.ts'
import type { ParsedConfig } from './schema.ts'

type ParsedTool = ParsedConfig['tools'][number]

const MAX_NAME = 128

/** Tools with names that MCP clients take (revision 2025-11-25, "Tool Names"), no two alike: the first of a name stays. */
export const withUsableNames = (
  tools: readonly ParsedTool[],
  problems: Problem[],
): ParsedTool[] => {
  const taken = new Set<string>()
  return tools.flatMap((tool, index) => {
    const name = usable(tool.name)
    const said = (message: string) => problems.push({ path: `tools.${index}.name`, message })
    if (taken.has(name)) {
      said(`two tools are called "${name}"; the second is left out`)
      return []
    }
    taken.add(name)
    if (name === tool.name) return [tool]
    said(`"${tool.name}" is no name that clients take; made "${name}"`)
    return [{ ...tool, name }]
  })
}

const usable = (name: string): string =>
  name.replace(/[^\w.-]+/g, '_').slice(0, MAX_NAME) || 'tool' // prettier-ignore
