import type { Parameter, Tool } from '../../model/service.ts'
import { isFileText } from './file-content.ts'
import { planOf } from './tool-plan.ts'
import { agentName } from './tools.ts'

export type Arguments = Readonly<Record<string, unknown>>
export type CheckedArguments = { ok: true; args: Arguments } | { ok: false; problems: string[] }

/**
 * Checks what an agent sent against the tool's parameters and fills in defaults. Null counts as absent: agents send it
 * for what they leave out.
 */
export const checkArguments = (tool: Tool, given: Arguments): CheckedArguments => {
  const { spellings, parameters } = planOf(tool)
  const problems: string[] = []
  const args: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const name = spellings.get(key)
    if (name === undefined) problems.push(`"${key}" is not a parameter; it takes ${listOf(tool)}`)
    else if (value !== null && value !== undefined) args[name] = value
  }
  for (const [name, parameter] of parameters) {
    const value = args[name] ?? defaultOf(parameter)
    if (value !== undefined) args[name] = value
    const problem = wrongWith(parameter, value)
    if (problem) problems.push(`"${agentName(name)}" ${problem}`)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, args }
}

const defaultOf = (parameter: Parameter): unknown => parameter.default ?? undefined

const listOf = (tool: Tool): string =>
  Object.keys(tool.parameters).map(agentName).join(', ') || 'no parameters'

const TYPE_CHECKS: Readonly<Record<Parameter['type'], (value: unknown) => boolean>> = {
  // Agents write numbers where APIs want text (ids, say); the request carries text either way.
  string: (value) => ['string', 'number', 'boolean'].includes(typeof value),
  file: (value) => typeof value === 'string' && isFileText(value),
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  array: (value) => Array.isArray(value),
  object: (value) => typeof value === 'object' && !Array.isArray(value),
  any: () => true,
}

const wrongWith = (parameter: Parameter, value: unknown): string | undefined => {
  if (value === undefined) return parameter.required ? 'is required' : undefined
  if (!TYPE_CHECKS[parameter.type](value))
    return parameter.type === 'file'
      ? 'must be base64 or a data: URL of it'
      : `must be of type ${parameter.type}`
  if (parameter.enum && !parameter.enum.includes(value))
    return `must be one of ${parameter.enum.map((item) => JSON.stringify(item)).join(', ')}`
  return undefined
}
