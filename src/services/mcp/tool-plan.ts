import { pathPlaceholders, templatePlaceholders } from '../../model/placeholder.ts'
import { placeOf, wireName, type Parameter, type Tool } from '../../model/service.ts'
import { agentNames } from './tools.ts'

/** A parameter where it goes. */
type Placed = { name: string; wire: string; parameter: Parameter }

/** What is the same in every call of a tool, worked out once. */
export type ToolPlan = {
  /** The spellings that agents may use, and the config's own for each. */
  spellings: ReadonlyMap<string, string>
  /** `shown`: as agents know it. */
  parameters: readonly { name: string; shown: string; parameter: Parameter }[]
  path: string
  /** The pairs that the endpoint itself has, and maybe `{parameter}`s in them. */
  ownQuery: readonly string[]
  /** The names that stand in braces in either of these. */
  inPath: readonly string[]
  inOwnQuery: readonly string[]
  query: readonly Placed[]
  headers: readonly Placed[]
  cookies: readonly Placed[]
  body: readonly Placed[]
  /** Whether a file is among those of the body. */
  hasFile: boolean
  /** Names in lower case; a value may have `{{field}}`s. */
  constantHeaders: readonly { name: string; value: string; isTemplate: boolean }[]
  /** Names in endpoint, body or headers for which no parameter stands, or one that may be left out: fields of the credentials. */
  borrowed: readonly string[]
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
  const shown = agentNames(tool)
  const { path, query } = partsOf(tool.endpoint)
  const borrowed = borrowedNames(tool)
  const inBraces = (text: string) =>
    [...new Set([...names, ...borrowed])].filter((name) => text.includes(`{${name}}`))
  const placed = (place: string): Placed[] =>
    parameters
      .filter(([name]) => placeOf(tool, name) === place)
      .map(([name, parameter]) => ({ name, wire: wireName(tool, name), parameter }))
  return {
    spellings: new Map([...[...shown].map(([name, one]) => [one, name] as const), ...names.map((name) => [name, name] as const)]), // prettier-ignore
    parameters: parameters.map(([name, parameter]) => ({ name, shown: shown.get(name) ?? name, parameter })), // prettier-ignore
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
    constantHeaders: Object.entries(tool.headers ?? {}).map(([name, value]) => ({
      name: name.toLowerCase(),
      value,
      isTemplate: templatePlaceholders(value).length > 0,
    })),
    borrowed,
  }
}

const borrowedNames = ({ endpoint, body, headers, parameters }: Tool): string[] => {
  const [path = ''] = endpoint.split('?')
  const mayBeLeftOut = (name: string) => {
    const known = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    return known?.required === false && known.default === undefined
  }
  const named = [
    ...pathPlaceholders(endpoint),
    ...templatePlaceholders(JSON.stringify([body ?? '', headers ?? {}])),
  ].filter((name) => !Object.hasOwn(parameters, name))
  return [...new Set([...named, ...pathPlaceholders(path).filter(mayBeLeftOut)])]
}

/** `#` begins no fragment here: an endpoint has none. */
const partsOf = (endpoint: string): { path: string; query: string } => {
  const text = endpoint.replaceAll('#', '%23').replaceAll(' ', '%20')
  const at = text.indexOf('?')
  return at === -1
    ? { path: text, query: '' }
    : { path: text.slice(0, at), query: text.slice(at + 1) }
}
