import type { Parameter, Service, Tool } from '../../model/service.ts'

/** A tool as `tools/list` shows it. */
export type ToolListing = {
  name: string
  title: string
  description: string
  inputSchema: {
    type: 'object'
    properties: Record<string, unknown>
    required?: string[]
    additionalProperties: false
  }
  outputSchema?: Readonly<Record<string, unknown>>
  annotations: {
    readOnlyHint: boolean
    destructiveHint: boolean
    idempotentHint: boolean
    openWorldHint: boolean
  }
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
    title: titleOf(tool),
    description: tool.description,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(
        parameters.map(([name, p]) => [agentName(name), toJsonSchema(p)]),
      ),
      ...(required.length > 0 ? { required: required.map(([name]) => agentName(name)) } : {}),
      additionalProperties: false,
    },
    ...(tool.outputSchema ? { outputSchema: tool.outputSchema } : {}),
    annotations: hintsOf(tool),
  }
}

/** `get_file_details` → `Get file details`. */
const titleOf = ({ title, name }: Tool): string => {
  const words = name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .trim()
  return title ?? `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

/** Some APIs change things by GET; the name of the tool gives them away. */
const CHANGES = /^(?:add|archive|cancel|create|delete|disable|enable|invite|kick|move|pin|post|publish|remove|rename|reset|revoke|send|set|start|stop|trigger|unpin|update|upload|write)(?:_|-|[A-Z]|$)/ // prettier-ignore

const hintsOf = (tool: Tool): ToolListing['annotations'] => {
  const { method, name } = tool
  const isReading = (method === 'GET' || method === 'HEAD') && !CHANGES.test(name)
  const readOnlyHint = tool.readOnly ?? isReading
  return {
    readOnlyHint,
    destructiveHint:
      !readOnlyHint && (method === 'DELETE' || /^(?:delete|remove|purge)/.test(name)),
    idempotentHint: readOnlyHint || method === 'PUT' || method === 'DELETE',
    openWorldHint: true,
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
