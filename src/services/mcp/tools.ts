import type { Parameter, Service, Tool } from '../../model/service.ts'

/** A tool as `tools/list` shows it. */
export type ToolListing = {
  name: string
  description: string
  inputSchema: {
    type: 'object'
    properties: Record<string, unknown>
    required?: string[]
    additionalProperties: false
  }
  annotations: { readOnlyHint: boolean; destructiveHint: boolean; openWorldHint: true }
}

const listings = new WeakMap<Service, ToolListing[]>()

/** The tools of a service in the config's order; made once. */
export const listTools = (service: Service): ToolListing[] => {
  const known = listings.get(service)
  if (known) return known
  const made = service.tools.map(toListing)
  listings.set(service, made)
  return made
}

/**
 * How an agent sees a parameter's name. Model APIs refuse property names beyond letters, digits, `_`, `.` and `-`, so
 * `$top` is offered as `top` and `records[]` as `records`; both spellings are taken.
 */
export const agentName = (name: string): string =>
  /^[\w.-]+$/.test(name) ? name : name.replace(/[^\w.-]+/g, '_').replace(/^_+|_+$/g, '')

const toListing = (tool: Tool): ToolListing => {
  const parameters = Object.entries(tool.parameters)
  const required = parameters.filter(([, p]) => p.required && p.default === undefined)
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(
        parameters.map(([name, p]) => [agentName(name), toJsonSchema(p)]),
      ),
      ...(required.length > 0 ? { required: required.map(([name]) => agentName(name)) } : {}),
      additionalProperties: false,
    },
    annotations: {
      readOnlyHint: tool.method === 'GET' || tool.method === 'HEAD',
      destructiveHint: tool.method === 'DELETE',
      openWorldHint: true,
    },
  }
}

const typeOf = (type: string): Record<string, unknown> => {
  if (type === 'any') return {}
  return type === 'file' ? { type: 'string', contentEncoding: 'base64' } : { type }
}

const toJsonSchema = (parameter: Parameter): Record<string, unknown> => ({
  ...typeOf(parameter.type),
  ...(parameter.type === 'array' ? { items: typeOf(parameter.items?.type ?? 'any') } : {}),
  ...parameter.schema,
  ...(parameter.description ? { description: parameter.description } : {}),
  ...(parameter.enum ? { enum: parameter.enum } : {}),
  ...(parameter.default === undefined ? {} : { default: parameter.default }),
})
