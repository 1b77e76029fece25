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

const MAX_NAME = 64

/**
 * How agents see the names of a tool's parameters. Model APIs refuse property names beyond 64 letters, digits, `_`, `.` and
 * `-`, so `$top` is offered as `top` and `records[]` as `records`; both spellings are taken.
 *
 * @returns by the config's names, in their order; no two are the same
 */
export const agentNames = ({ parameters }: Tool): ReadonlyMap<string, string> => {
  const names = Object.keys(parameters)
  const taken = new Set(names.filter((name) => plainName(name) === name))
  return new Map(
    names.map((name) => {
      const plain = plainName(name)
      const shown = plain === name ? name : unlike(taken, plain)
      taken.add(shown)
      return [name, shown]
    }),
  )
}

const plainName = (name: string): string =>
  /^[\w.-]{1,64}$/.test(name)
    ? name
    : name.replace(/[^\w.-]+/g, '_').replace(/^_+|_+$/g, '').slice(0, MAX_NAME) || 'parameter' // prettier-ignore

/** `top`, else `top_2`, `top_3`… */
const unlike = (taken: ReadonlySet<string>, name: string): string => {
  let [free, count] = [name, 1]
  while (taken.has(free)) free = `${name.slice(0, MAX_NAME - 4)}_${++count}`
  return free
}

const toListing = (tool: Tool): ToolListing => {
  const names = agentNames(tool)
  const parameters = Object.entries(tool.parameters).map(
    ([name, parameter]) => [names.get(name) ?? name, parameter] as const,
  )
  const required = parameters.filter(([, p]) => p.required && p.default === undefined)
  return {
    name: tool.name,
    title: titleOf(tool),
    description: tool.description,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(parameters.map(([name, p]) => [name, toJsonSchema(p)])),
      ...(required.length > 0 ? { required: required.map(([name]) => name) } : {}),
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
