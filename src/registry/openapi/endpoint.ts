import { placeholderKey } from './names.ts'
import type { SourceParameter } from './source.ts'

export type Endpoint = {
  /** With `{key}` for every parameter. */
  path: string
  /** `name=value` pairs that are always there; encoded. */
  constants: string[]
  /** By key, in the order of the path. */
  parameters: Map<string, SourceParameter>
  /** The parameters that are not in the path, with those that the path had in its query. */
  others: SourceParameter[]
}

/** `{name}`, and what URI templates (RFC 6570) and frameworks put around it: `{+name}`, `{.name}`, `{name*}`, `{name:.*}`. */
const PLACEHOLDER = /\{([+#./;?&]?)([^{}]*)\}/g

/**
 * Reads a path template: which parameter stands where, under a key that our own templates can name. A placeholder that
 * no parameter declares becomes a required text.
 */
export const readEndpoint = (
  template: string,
  parameters: readonly SourceParameter[],
): Endpoint => {
  const [pathAndQuery = ''] = template.split('#') // a fragment only tells operations apart
  const [rawPath = '', query = ''] = pathAndQuery.split('?')
  const found = new Map<string, SourceParameter>()
  const used = new Set<SourceParameter>()
  const place = (_all: string, operator: string, inside: string): string => {
    if (operator === '?' || operator === '&') return '' // its parameters are declared as query parameters
    const parameter = declared(inside, parameters)
    const { key, source } = inPath(parameter, inside, operator)
    if (parameter) used.add(parameter)
    const unique = freeKey(key, source, found)
    found.set(unique, source)
    return `${operator === '.' || operator === '/' ? operator : ''}${source.prefix}{${unique}}`
  }
  const path = withBraces(rawPath.replace(/\{\{([^{}]*)\}\}/g, '{$1}'), parameters).replace(
    PLACEHOLDER,
    place,
  )
  const { constants, fromQuery } = readQuery(query, parameters)
  const inQuery = new Set(fromQuery.map(({ name }) => name))
  const others = parameters.filter(
    (parameter) => !used.has(parameter) && parameter.in !== 'path' && !inQuery.has(parameter.name),
  )
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    constants,
    parameters: found,
    others: [...fromQuery, ...others],
  }
}

/** By exact name in the path, else by what it means: some documents say `in: query` or write another case. */
const declared = (
  inside: string,
  parameters: readonly SourceParameter[],
): SourceParameter | undefined => {
  const name = bareName(inside)
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  return (
    inPath.find((parameter) => parameter.name === inside || parameter.name === name) ??
    inPath.find((parameter) => parameter.name.toLowerCase() === name.toLowerCase()) ??
    parameters.find((parameter) => parameter.name === name && parameter.in === 'query')
  )
}

const bareName = (inside: string): string => inside.replace(/(?::.*|\*)$/, '').trim()

const inPath = (
  parameter: SourceParameter | undefined,
  inside: string,
  operator: string,
): { key: string; source: SourceParameter } => {
  const name = bareName(inside)
  const mayHaveSlashes = operator === '+' || operator === '#' || /\*$|:\.[*+]/.test(inside)
  const reserved = mayHaveSlashes || (parameter?.reserved ?? false)
  const style = parameter?.in === 'path' ? parameter.style : COMMA
  const source: SourceParameter = {
    ...(parameter ?? { name, description: '', schema: { type: 'string' }, prefix: '' }),
    in: 'path',
    required: true,
    style,
    reserved,
  }
  return { key: placeholderKey(name), source }
}

const COMMA = { array: 'comma', object: 'comma' } as const

/** One key for one name, also when the path names it twice; another where two names come to the same key. */
const freeKey = (
  key: string,
  source: SourceParameter,
  found: ReadonlyMap<string, SourceParameter>,
): string => {
  let free = key
  for (let number = 2; (found.get(free) ?? source).name !== source.name; number++)
    free = `${key}_${number}`
  return free
}

/** `/users/:id`, where a path parameter is called so and no `{id}` stands there. */
const withBraces = (path: string, parameters: readonly SourceParameter[]): string =>
  path.replace(/(?<=\/):(\w+)/g, (all, name: string) => {
    const isParameter = parameters.some((p) => p.in === 'path' && p.name === name)
    return isParameter && !path.includes(`{${name}}`) ? `{${name}}` : all
  })

/** `?type=user&q={query}`: constants, and parameters of the query. */
const readQuery = (query: string, parameters: readonly SourceParameter[]) => {
  const constants: string[] = []
  const fromQuery: SourceParameter[] = []
  for (const pair of query.split('&').filter(Boolean)) {
    const [name = '', ...rest] = pair.split('=')
    const inside = /^\{([^{}]*)\}$/.exec(rest.join('='))?.[1]
    if (inside !== undefined) fromQuery.push(inQuery(name, inside, parameters))
    else if (!/[{}]/.test(pair)) constants.push(pair.replace(/[^\w!$'()*+,\-./:;=@~%]/g, encodeURIComponent)) // prettier-ignore
  }
  return { constants, fromQuery }
}

const inQuery = (
  name: string,
  inside: string,
  parameters: readonly SourceParameter[],
): SourceParameter => {
  const known = parameters.find((p) => p.name === inside || p.name === name)
  return {
    ...(known ?? { description: '', schema: { type: 'string' }, required: true, reserved: false }),
    style: known?.in === 'query' ? known.style : { array: 'repeat', object: 'json' },
    name,
    in: 'query',
    prefix: '',
  }
}
