import { placeOf, wireName, type Parameter, type Tool } from '../../model/service.ts'
import { agentName } from './tools.ts'

/** A parameter where it goes. */
type Placed = { name: string; wire: string; parameter: Parameter }

/** What is the same in every call of a tool, worked out once. */
export type ToolPlan = {
  /** The spellings that agents may use, and the config's own for each. */
  spellings: ReadonlyMap<string, string>
  parameters: readonly (readonly [name: string, parameter: Parameter])[]
  path: string
  /** The pairs that the endpoint itself has, and maybe `{parameter}`s in them. */
  ownQuery: readonly string[]
  /** The parameters that stand in braces in either of these. */
  inPath: readonly string[]
  inOwnQuery: readonly string[]
  query: readonly Placed[]
  headers: readonly Placed[]
  cookies: readonly Placed[]
  body: readonly Placed[]
  /** Whether a file is among those of the body. */
  hasFile: boolean
  /** Names in lower case. */
  constantHeaders: readonly (readonly [name: string, value: string])[]
}

const plans = new WeakMap<Tool, ToolPlan>()

export const planOf = (tool: Tool): ToolPlan => {
  const known = plans.get(tool)
  if (known) return known
  const made = plan(tool)
  plans.set(tool, made)
  return made
}

const plan = (tool: Tool): ToolPlan => {
  const parameters = Object.entries(tool.parameters)
  const names = parameters.map(([name]) => name)
  const { path, query } = partsOf(tool.endpoint)
  const inBraces = (text: string) => names.filter((name) => text.includes(`{${name}}`))
  const placed = (place: string): Placed[] =>
    parameters
      .filter(([name]) => placeOf(tool, name) === place)
      .map(([name, parameter]) => ({ name, wire: wireName(tool, name), parameter }))
  return {
    spellings: new Map(names.flatMap((name) => [[agentName(name), name], [name, name]])), // prettier-ignore
    parameters,
    path,
    ownQuery: query.split('&').filter(Boolean),
    inPath: inBraces(path),
    inOwnQuery: inBraces(query),
    query: placed('query'),
    headers: placed('header').map((one) => ({ ...one, wire: one.wire.toLowerCase() })),
    cookies: placed('cookie'),
    body: placed('body'),
    hasFile: placed('body').some(
      ({ parameter: { type, items } }) => type === 'file' || items?.type === 'file',
    ),
    constantHeaders: Object.entries(tool.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  }
}

/** `#` begins no fragment here: an endpoint has none. */
const partsOf = (endpoint: string): { path: string; query: string } => {
  const text = endpoint.replaceAll('#', '%23').replaceAll(' ', '%20')
  const at = text.indexOf('?')
  return at === -1
    ? { path: text, query: '' }
    : { path: text.slice(0, at), query: text.slice(at + 1) }
}
