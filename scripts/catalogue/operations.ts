import { splitAddress, type Operation } from '../../test/support/catalogue/documents.ts'

type Json = Record<string, unknown>
export type Document = {
  info: { title: string; version: string }
  servers?: { url: string }[]
  host?: string
  basePath?: string
  paths: Record<string, Json>
  security?: Record<string, unknown>[]
  components?: { securitySchemes?: Record<string, Json> }
  securityDefinitions?: Record<string, Json>
}
type Parameter = {
  name: string
  in: string
  required?: boolean
  schema?: unknown
  type?: string
  style?: string
  explode?: boolean
  collectionFormat?: string
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const MAX_DEPTH = 8
const MAX_BELOW = 60

/** One operation of a document, at one of its servers. */
export type Found = { method: string; path: string; operation: Operation }

/** The operations of an OpenAPI 3 or Swagger 2 document. */
export const operationsOf = (document: Document): Found[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).flatMap((method) => {
      const operation = item[method] as Json & { servers?: { url: string }[] }
      const bases = serversOf(document, operation.servers).map((base) => splitAddress(base, path))
      const hosts = [...new Set(bases.map(({ host }) => host))]
      return [...new Set(bases.map((base) => base.path))].map((whole) => ({
        method: method.toUpperCase(),
        path: whole,
        operation: { hosts, ...readOperation(document, item, operation) },
      }))
    }),
  )

/** The operation for a tool's `GET /users/me`: the one of that path, or else of `/users/{}`. */
export const findOperation = (found: readonly Found[], key: string): Operation | undefined => {
  const [method = '', path = ''] = key.split(/ (.*)/s)
  const candidates = found.filter((one) => one.method === method)
  const exact = candidates.find((one) => one.path === path)
  return (exact ?? candidates.find((one) => matches(one.path, path)))?.operation
}

const matches = (template: string, path: string): boolean => {
  const pattern = template.split('{}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('(?:\\{\\}|[^/{}]+)')}$`).test(path)
}

const serversOf = (document: Document, own: { url: string }[] | undefined): string[] => {
  const servers = (own ?? document.servers ?? []).map(({ url }) => url)
  if (servers.length > 0) return servers
  return [`${document.host ?? ''}${document.basePath ?? ''}`]
}

const readOperation = (
  document: Document,
  item: Json,
  operation: Json,
): Omit<Operation, 'hosts'> => {
  const parameters = [...listOf(item['parameters']), ...listOf(operation['parameters'])].map(
    (parameter) => follow(document, parameter) as unknown as Parameter,
  )
  const namesIn = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, required }) => (required ? `${name}!` : name))
  const lists = parameters
    .filter((parameter) => parameter.in === 'query' && isOneList(document, parameter))
    .map(({ name }) => name)
  const body = bodyOf(document, operation, parameters)
  const security = securityOf(document, operation)
  return {
    query: namesIn('query'),
    headers: namesIn('header').map((name) => name.toLowerCase()),
    ...(lists.length > 0 ? { lists } : {}),
    ...(body ? { body } : {}),
    ...(security ? { security } : {}),
  }
}

/** An array within one value: `a,b` and the like. By default OpenAPI 3 repeats the name and Swagger 2 writes commas. */
const isOneList = (document: Document, parameter: Parameter): boolean => {
  const type = parameter.type ?? follow(document, parameter.schema)['type']
  if (type !== 'array') return false
  if (parameter.schema === undefined) return parameter.collectionFormat !== 'multi'
  return parameter.explode === false || ['spaceDelimited', 'pipeDelimited'].includes(parameter.style ?? '') // prettier-ignore
}

const bodyOf = (
  document: Document,
  operation: Json,
  parameters: readonly Parameter[],
): Operation['body'] => {
  const content = follow(document, operation['requestBody'])['content'] as Json | undefined
  if (content) {
    const schemas = Object.values(content).map((media) => (media as { schema?: unknown }).schema)
    return { types: Object.keys(content), ...propertiesOf(document, schemas) }
  }
  const whole = parameters.find((parameter) => parameter.in === 'body')
  const consumes = (operation['consumes'] as string[] | undefined) ?? ['application/json']
  if (whole) return { types: consumes, ...propertiesOf(document, [whole.schema]) }
  const fields = parameters.filter((parameter) => parameter.in === 'formData')
  if (fields.length === 0) return undefined
  return {
    types: consumes,
    properties: fields.map(({ name, required }) => (required ? `${name}!` : name)),
  }
}

/** Of all schemas that the body may have; a property counts as required when the first of them says so. */
const propertiesOf = (
  document: Document,
  schemas: readonly unknown[],
): { properties?: string[]; open?: true } => {
  const found = schemas.map((schema) => readSchema(document, schema))
  const names = found.flatMap(({ properties }) => Object.keys(properties))
  if (names.length === 0) return {}
  const [first] = found
  const properties = [...new Set(names)].flatMap((name) => [
    first?.required.includes(name) ? `${name}!` : name,
    // Wrappers such as {"data": {…}}: what stands within them is worth knowing.
    ...found.flatMap((one) => below(document, name, one.properties[name])),
  ])
  return { properties, ...(found.some(({ open }) => open) ? { open: true } : {}) }
}

const below = (document: Document, name: string, schema: unknown): string[] => {
  const { properties, required, open } = readSchema(document, schema)
  if (open || Object.keys(properties).length > MAX_BELOW) return []
  return Object.keys(properties).map((inner) => `${name}.${inner}${required.includes(inner) ? '!' : ''}`) // prettier-ignore
}

type Read = { properties: Json; required: string[]; open: boolean }

const readSchema = (document: Document, unread: unknown, depth = 0): Read => {
  const schema = depth > MAX_DEPTH ? {} : follow(document, unread)
  const read = (parts: unknown) =>
    listOf(parts).map((part) => readSchema(document, part, depth + 1))
  const all = read(schema['allOf'])
  const parts = [...all, ...read(schema['anyOf']), ...read(schema['oneOf'])]
  const own = Object.entries((schema['properties'] ?? {}) as Json).filter(
    ([, value]) => (value as Json | null)?.['readOnly'] !== true,
  )
  const properties: Json = Object.fromEntries([
    ...parts.flatMap((part) => Object.entries(part.properties)),
    ...own,
  ])
  const required = listOf(schema['required']).map(String)
  const additional = schema['additionalProperties']
  return {
    properties,
    required: [...required, ...all.flatMap((part) => part.required)].filter((name) => name in properties), // prettier-ignore
    open: (additional !== undefined && additional !== false) || parts.some(({ open }) => open),
  }
}

/** The schemes of an operation that can be seen in a request. */
const securityOf = (document: Document, operation: Json): string[] | undefined => {
  const asked = (operation['security'] as Json[] | undefined) ?? document.security
  const schemes = document.components?.securitySchemes ?? document.securityDefinitions ?? {}
  if (!asked || asked.length === 0) return undefined
  const ways = asked.flatMap((one) => Object.keys(one)).flatMap((name) => schemeOf(schemes[name]))
  return ways.length > 0 ? [...new Set(ways)] : undefined
}

const schemeOf = (scheme: Json | undefined): string[] => {
  if (!scheme) return []
  if (scheme['type'] === 'apiKey') return [`${String(scheme['in'])}:${String(scheme['name']).toLowerCase()}`] // prettier-ignore
  return ['header:authorization']
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])

const follow = (document: Document, value: unknown): Json => {
  let current = (value ?? {}) as Json
  for (let hops = 0; typeof current['$ref'] === 'string' && hops < MAX_DEPTH; hops++) {
    const steps = current['$ref'].split('/').slice(1)
    const target = steps.reduce<unknown>(
      (at, step) => (at as Json | undefined)?.[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')], // prettier-ignore
      document,
    )
    current = (target ?? {}) as Json
  }
  return current
}
