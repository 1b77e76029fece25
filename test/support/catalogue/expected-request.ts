import type { ConfigFile, ParameterEntry, ToolEntry } from './config-file.ts'
import { formOf, type Content, type ReadRequest } from './read-request.ts'

type Values = Readonly<Record<string, unknown>>
type Call = { config: ConfigFile; tool: ToolEntry; args: Values; credentials: Values }

const KNOWN_OF_TOOL = ['name', 'description', 'method', 'endpoint', 'parameters', 'baseURL', 'headers', 'encoding', 'body'] // prettier-ignore
const KNOWN_OF_PARAMETER = ['type', 'required', 'description', 'default', 'in', 'enum', 'items']

/**
 * The request that a tool call has to make, derived from the config's file by the words of FORMATS.md and by nothing of
 * `src`. What it does not know is an error, so that no part of the format is waved through.
 */
export const expectedRequest = (call: Call): ReadRequest => {
  refuseUnknown(call.tool, KNOWN_OF_TOOL)
  for (const parameter of Object.values(call.tool.parameters))
    refuseUnknown(parameter, KNOWN_OF_PARAMETER)
  const given = withDefaults(call)
  const { inject = {} } = call.config.auth
  const content = contentOf({ ...call, args: given })
  return {
    method: call.tool.method,
    path: `/${call.config.name}${basePath(call)}${endpointPath(call.tool, given)}`,
    query: sorted([...constantQuery(call.tool), ...queryOf(call.tool, given), ...filled(inject.query, call.credentials)]), // prettier-ignore
    headers: {
      ...(content.type === undefined ? {} : { 'content-type': content.type }),
      ...lowerCased(Object.entries(call.tool.headers ?? {})),
      ...headersOf(call.tool, given),
      ...lowerCased(filled(inject.headers, call.credentials)),
      ...authorization(call),
    },
    content: content.content,
  }
}

const refuseUnknown = (part: object, known: readonly string[]): void => {
  const unknown = Object.keys(part).filter((key) => !known.includes(key))
  if (unknown.length > 0) throw new Error(`no rule is known for ${unknown.join(', ')}`)
}

const withDefaults = ({ tool, args }: Call): Values => ({
  ...Object.fromEntries(
    Object.entries(tool.parameters)
      .filter(([, { default: value }]) => value !== undefined && value !== null)
      .map(([name, parameter]) => [name, parameter.default]),
  ),
  ...args,
})

/** RFC 3986 §2.3: everything but the unreserved characters is percent-encoded, byte by byte. */
const percent = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => [byte, String.fromCharCode(byte)] as const)
    .map(([byte, c]) =>
      /[A-Za-z0-9._~-]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ) // prettier-ignore
    .join('')

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const basePath = ({ config, tool, credentials }: Call): string =>
  (tool.baseURL ?? config.api.baseURL)
    .replace(/^(https:\/\/[^/]*|\{[^}]*\})/, '')
    .replace(/\/$/, '')
    .replace(/\{([^}]+)\}/g, (_all, name: string) => percent(text(credentials[name])))

const endpointPath = (tool: ToolEntry, args: Values): string =>
  (tool.endpoint.split('?')[0] ?? '').replace(/\{([^}]+)\}/g, (_all, name: string) => percent(text(args[name]))) // prettier-ignore

const constantQuery = (tool: ToolEntry): [string, string][] => [
  ...new URLSearchParams(tool.endpoint.split('?')[1] ?? ''),
]

const placeOf = (tool: ToolEntry, name: string, parameter: ParameterEntry): string => {
  if (parameter.in !== undefined) return parameter.in
  if (tool.endpoint.includes(`{${name}}`)) return 'path'
  if (!['GET', 'HEAD', 'DELETE'].includes(tool.method)) return 'body'
  return fieldsOf(JSON.stringify(tool.body ?? '')).includes(name) ? 'body' : 'query'
}

const givenIn = (tool: ToolEntry, args: Values, place: string): [string, unknown][] =>
  Object.entries(tool.parameters)
    .filter(([name, parameter]) => placeOf(tool, name, parameter) === place && name in args)
    .map(([name]) => [name, args[name]])

const queryOf = (tool: ToolEntry, args: Values): [string, string][] =>
  givenIn(tool, args, 'query').flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, text(item)]),
  )

const headersOf = (tool: ToolEntry, args: Values): Record<string, string> => {
  const cookies = givenIn(tool, args, 'cookie').map(
    ([name, value]) => `${name}=${percent(text(value))}`,
  )
  return {
    ...lowerCased(givenIn(tool, args, 'header').map(([name, value]) => [name, text(value)])),
    ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
  }
}

/** Templates of `inject`; one whose field the user left out is not there at all. */
const filled = (templates: Readonly<Record<string, string>> | undefined, credentials: Values) =>
  Object.entries(templates ?? {})
    .filter(([, template]) => fieldsOf(template).every((field) => field in credentials))
    .map(([name, template]): [string, string] => [name, fill(template, credentials)])

const fieldsOf = (template: string) =>
  [...template.matchAll(/\{\{\s*([\w-]+)\s*\}\}/g)].map(([, name = '']) => name)

const fill = (template: string, values: Values): string =>
  fieldsOf(template).reduce(
    (filling, name) => filling.replaceAll(new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`, 'g'), () => text(values[name])), // prettier-ignore
    template,
  )

/** By `inject.basic`; for a config without `inject`, Bearer with the one secret. OAuth 1.0a is judged by its own check. */
const authorization = ({ config, credentials }: Call): Record<string, string> => {
  const { inject, type, fields } = config.auth
  if (inject?.basic) {
    const { username, password } = inject.basic
    const pair = `${fill(username, credentials)}:${fill(password, credentials)}`
    return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }
  if (inject || type === 'none') return {}
  const [secret] = fields
  return { authorization: `Bearer ${text(credentials[secret?.name ?? ''])}` }
}

const contentOf = (call: Call): { type: string | undefined; content: Content } => {
  const { tool, args } = call
  const file = wholeFile(tool, args)
  if (file) return { type: 'application/octet-stream', content: file }
  const value = tool.body === undefined ? flatBody(tool, args) : fillJson(tool.body, args)
  if (value === undefined) return { type: undefined, content: { kind: 'none' } }
  if (tool.encoding === 'multipart')
    return {
      type: 'multipart/form-data',
      content: { kind: 'parts', parts: partsOf(tool, value as Values) },
    }
  if (tool.encoding === 'form')
    return {
      type: 'application/x-www-form-urlencoded',
      content: formOf(fieldsIn(value as Values).map(([name, item]) => [name, text(item)])),
    }
  return { type: 'application/json', content: { kind: 'json', value } }
}

const wholeFile = (tool: ToolEntry, args: Values): Content | undefined => {
  const name = typeof tool.body === 'string' ? /^\{\{(.+)\}\}$/.exec(tool.body)?.[1] : undefined
  if (name === undefined || tool.parameters[name]?.type !== 'file') return undefined
  return { kind: 'bytes', text: Buffer.from(text(args[name]), 'base64').toString() }
}

const flatBody = (tool: ToolEntry, args: Values): Values | undefined => {
  const places = Object.entries(tool.parameters).map(([name, p]) => placeOf(tool, name, p))
  const given = givenIn(tool, args, 'body')
  if (!places.includes('body') || (given.length === 0 && tool.method === 'DELETE')) return undefined
  return Object.fromEntries(given)
}

/** What has no argument disappears, and wrappers that held only such things too. */
const fillJson = (template: unknown, args: Values): unknown => {
  if (typeof template === 'string') {
    const names = [...template.matchAll(/\{\{\s*([^{}\s]+)\s*\}\}/g)]
    const [first] = names
    if (first?.[0] === template) return args[first[1] ?? '']
    if (names.some(([, name = '']) => !(name in args))) return undefined
    return names.reduce((filling, [all, name = '']) => filling.replace(all, () => text(args[name])), template) // prettier-ignore
  }
  if (typeof template !== 'object' || template === null) return template
  const entries = Object.entries(template)
  const kept = entries
    .map(([key, value]) => [key, fillJson(value, args)] as const)
    .filter(([, value]) => value !== undefined)
  if (kept.length === 0 && entries.length > 0) return undefined
  return Array.isArray(template) ? kept.map(([, value]) => value) : Object.fromEntries(kept)
}

const fieldsIn = (value: Values): [string, unknown][] =>
  Object.entries(value).flatMap(([name, item]) =>
    [item].flat().map((one): [string, unknown] => [name, one]),
  )

const partsOf = (tool: ToolEntry, value: Values) =>
  fieldsIn(value).map(([name, item]) =>
    tool.parameters[name]?.type === 'file'
      ? { name, filename: name, text: Buffer.from(text(item), 'base64').toString() }
      : { name, filename: undefined, text: text(item) },
  )

const lowerCased = (headers: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))

const sorted = (pairs: [string, string][]): [string, string][] =>
  pairs.sort((a, b) => (a.join('=') < b.join('=') ? -1 : 1))
