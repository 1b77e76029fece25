import type { ConfigFile, ParameterEntry, ToolEntry } from './config-file.ts'

/** `full`: everything that can be given. `least`: only what must be. */
export type Extent = 'full' | 'least'

/** Text that a sloppy encoding breaks: in a path, a query, a form, JSON and UTF-8. */
const HARD = `a b/ü&=+%25?#'"(1)*!~;:@,$[]{}|\\^\`<>€😀`

/** What is left of it in a header, where HTTP allows visible ASCII. */
const HARD_HEADER = `a b/&=+%25?#'"(1)*!~;:@,$[]{}|\\^\`<>`

/** The arguments of a call, under the names that the config gives them. */
export const sampleArguments = (tool: ToolEntry, extent: Extent): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(tool.parameters)
      .filter(([, p]) => extent === 'full' || (p.required === true && p.default === undefined))
      .map(([name, parameter]) => [name, sampleOf(name, parameter)]),
  )

/** Whether the least that can be given is less than everything. */
export const hasChoice = (config: ConfigFile, tool: ToolEntry): boolean =>
  Object.values(tool.parameters).some((p) => p.required !== true || p.default !== undefined) ||
  config.auth.fields.some(({ required }) => required !== true)

const sampleOf = (name: string, parameter: ParameterEntry): unknown => {
  if (parameter.enum) return parameter.enum.at(-1)
  if (parameter.type === 'array')
    return [1, 2].map((n) => sampleOf(`${name}${n}`, { type: parameter.items?.type ?? 'string' }))
  if (parameter.in === 'header' && parameter.type === 'string') return `${name} ${HARD_HEADER}`
  return PLAIN[parameter.type]?.(name)
}

const PLAIN: Readonly<Record<string, (name: string) => unknown>> = {
  string: (name) => `${name} ${HARD}`,
  file: (name) => Buffer.from(`bytes of ${name}: ü€😀\r\n--x`).toString('base64'),
  integer: () => 7,
  number: () => 2.5,
  boolean: () => true,
  object: (name) => ({ [name]: { deep: [1, HARD, null], empty: {} } }),
}

/** A user's fields. Those of a base URL's host are one DNS label or an origin, as FORMATS.md says. */
export const sampleCredentials = (config: ConfigFile, extent: Extent): Record<string, string> =>
  Object.fromEntries(
    config.auth.fields
      .filter(({ required }) => extent === 'full' || required === true)
      .map(({ name }) => [name, credentialOf(config, name)]),
  )

const credentialOf = (config: ConfigFile, name: string): string => {
  const bases = [config.api.baseURL, ...config.tools.map(({ baseURL }) => baseURL ?? '')]
  if (bases.some((base) => base.startsWith(`{${name}}`))) return 'https://own.of-anna.example'
  const inHost = new RegExp(`^https://[^/]*\\{${name}\\}`)
  return bases.some((base) => inHost.test(base)) ? 'of-anna' : `${name} of/anna+&=%25?#:@`
}
