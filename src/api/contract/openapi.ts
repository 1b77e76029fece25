import { z } from 'zod'
import { ERROR_CODES, type ErrorCode } from '../../base/errors.ts'
import type { Access } from './access.ts'
import type { AnswerSpec, Route } from './route.ts'

type Json = { [key: string]: unknown }

const errorBody = z
  .object({
    error: z.object({
      code: z.string().describe('One of the catalogue; a code never changes its meaning.'),
      message: z.string().describe('What happened and what to do.'),
      requestId: z.string().describe('As in x-request-id; the log has it.'),
    }),
  })
  .meta({ id: 'Error' })

const WHO: Readonly<Record<Access['name'], string>> = {
  open: 'No token.',
  scraper: 'No token from this machine itself; from elsewhere as for operators.',
  anyone: 'Any valid token.',
  read: 'A token of the user with the scope `read`.',
  instances: 'A token of the user with the scope `instances`.',
  operator: 'The admin token, or a token with the scope `admin` of an operator or administrator.',
  admin: 'The admin token, or a token with the scope `admin` of an administrator.',
}

/** An empty requirement: it works without a token too. */
const SECURITY: Partial<Record<Access['name'], Json[]>> = {
  open: [],
  scraper: [{}, { bearer: [] }],
}

const TAGS: Readonly<Record<string, string>> = {
  liveness: 'Whether the daemon lives, and the fleet is up.',
  services: 'The catalogue.',
  instances: 'What a user has: keys entered, URLs received.',
  'signing in': 'OAuth 2 instead of entering a token.',
  events: 'What happened, and what happens.',
  fleet: 'What operators see and administrators change.',
  users: 'Who uses the fleet, and what they may.',
  tokens: 'What users call this API with.',
  'instances of users': 'What an administrator does for a user.',
  keys: 'The keys that seal credentials.',
  cutover: 'From one process per user and service to the shared fleet.',
  document: 'This description.',
}

/** The OpenAPI 3.1 document of these routes: what the routes check is what it says. */
export const openApiDocument = (
  routes: readonly Route[],
  { version, baseUrl }: { version: string; baseUrl: string },
): Json => {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operationOf(route, schemas) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Berth',
      version,
      description: 'One shared fleet of services for many users: keys go in, instance URLs come out.', // prettier-ignore
      license: { name: 'AGPL-3.0-or-later', identifier: 'AGPL-3.0-or-later' },
    },
    servers: [{ url: baseUrl }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({
      name,
      description: TAGS[name] ?? `What concerns ${name}.`,
    })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token (`brt_…`), or a JWT of the integrator.',
        },
      },
    },
  }
}

const operationOf = (route: Route, schemas: Json): Json => ({
  operationId: route.id,
  tags: [route.tag],
  summary: route.summary,
  description: WHO[route.access.name],
  security: SECURITY[route.access.name] ?? [{ bearer: [] }],
  parameters: [
    ...parametersOf('path', route.params, schemas),
    ...parametersOf('query', route.query, schemas),
  ],
  ...(route.body && {
    requestBody: {
      required: !route.body.safeParse({}).success,
      content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } },
    },
  }),
  responses: responsesOf(route, schemas),
})

/** The JSON Schema of a zod schema; what has a name goes to the components. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json => {
  const { $schema: _version, $defs = {}, ...rest } = z.toJSONSchema(schema, { io }) as Json & { $defs?: Json } // prettier-ignore
  for (const [name, definition] of Object.entries($defs)) schemas[name] = relink(definition)
  return relink(rest) as Json
}

const relink = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item: unknown) => relink(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as Json).map(([key, item]): [string, unknown] => [
      key,
      key === '$ref' ? String(item).replace('#/$defs/', '#/components/schemas/') : relink(item),
    ]),
  )
}

const parametersOf = (
  place: 'path' | 'query',
  schema: z.ZodType | undefined,
  schemas: Json,
): Json[] => {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }))
}

const responsesOf = (route: Route, schemas: Json): Json => {
  const given = Object.entries(route.answers).map(([status, spec]): [string, unknown] => [
    status,
    { description: spec.description, headers: REQUEST_ID, ...contentOf(spec, schemas) },
  ])
  const unchanged = { description: 'What If-None-Match names is still right.', headers: REQUEST_ID }
  return {
    ...(route.etag && { 304: unchanged }),
    ...errorsOf(route, schemas),
    ...Object.fromEntries(given),
  }
}

const REQUEST_ID = {
  'x-request-id': { description: 'Names this request in the log.', schema: { type: 'string' } },
}

const contentOf = ({ schema, contentType, csv }: AnswerSpec, schemas: Json): Json =>
  schema === undefined
    ? {}
    : {
        content: {
          [contentType ?? 'application/json']: { schema: schemaOf(schema, 'output', schemas) },
          ...(csv && { 'text/csv': { schema: { type: 'string' } } }),
        },
      }

const errorsOf = (route: Route, schemas: Json): Json => {
  const codes = codesOf(route)
  const statuses = [...new Set(codes.map((code) => ERROR_CODES[code].status))]
  const content = contentOf({ description: '', schema: errorBody }, schemas)
  const meaningsOf = (status: number) =>
    codes
      .filter((code) => ERROR_CODES[code].status === status)
      .map((code) => `\`${code}\`: ${ERROR_CODES[code].meaning}`)
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      { description: meaningsOf(status).join('; '), headers: REQUEST_ID, ...content },
    ]),
  )
}

const codesOf = (route: Route): ErrorCode[] => {
  const isOpen = route.access.name === 'open'
  const all: ErrorCode[] = [
    'host_not_allowed',
    'internal',
    ...(isOpen ? [] : (['unauthorized', 'too_many_requests', 'database_unavailable'] as const)),
    ...(isOpen || route.access.name === 'anyone' ? [] : (['forbidden'] as const)),
    ...(route.params || route.query || route.body ? (['invalid_request'] as const) : []),
    ...(route.body ? (['malformed_json', 'too_large', 'unsupported_media_type'] as const) : []),
    ...(route.errors ?? []),
  ]
  return [...new Set(all)].sort()
}
