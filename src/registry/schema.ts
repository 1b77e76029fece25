import { z } from 'zod'
import {
  AUTH_TYPES,
  ENCODINGS,
  FIELD_TYPES,
  METHODS,
  PARAMETER_PLACES,
  PARAMETER_STYLES,
  PARAMETER_TYPES,
  type Service,
} from '../model/service.ts'

/**
 * The format of `registry/<service>/config.json`, in its present form. Whatever can have a default has one, so that a
 * repaired config still says what it says. `service.schema.json` is generated from it.
 */
/** `host-<n>` would make `mcp-host-<n>`, the name of a packed host. */
const SERVICE_NAME = /^(?!host-\d)[a-z][a-z0-9-]*$/

export const isServiceName = (name: unknown): boolean =>
  typeof name === 'string' && SERVICE_NAME.test(name)

const text = z.string()
const stringMap = z.record(z.string().min(1), z.string())

const field = z.strictObject({
  name: z.string().min(1).describe('Key under which the user sends the value'),
  type: z.enum(FIELD_TYPES).default('password').describe('password and textarea are secret'),
  required: z.boolean().default(false),
  description: text.default('').describe('What it is and where the user finds it'),
})

const inject = z.strictObject({
  headers: stringMap.optional().describe('Header name → template with {{field}}'),
  query: stringMap.optional().describe('Query parameter → template with {{field}}'),
  body: stringMap.optional().describe('Member of the body → template with {{field}}'),
  basic: z.strictObject({ username: text, password: text }).optional(),
  oauth1: z
    .strictObject({ consumerKey: text, consumerSecret: text, token: text, tokenSecret: text })
    .optional(),
})

const verify = z.strictObject({
  method: z.enum(METHODS).default('GET'),
  endpoint: z.string().startsWith('/'),
  expect: z.number().int().min(100).max(599).default(200).describe('HTTP status that says yes'),
  account: text.optional().describe('Dotted JSON path to what names the account'),
  body: z.unknown().optional(),
  source: text.optional(),
})

const parameter = z.strictObject({
  type: z.enum(PARAMETER_TYPES).default('string'),
  required: z.boolean().default(false),
  description: text.default(''),
  default: z.unknown().optional(),
  in: z.enum(PARAMETER_PLACES).optional().describe('Where it goes; by rule if absent'),
  enum: z.array(z.unknown()).optional(),
  items: z.strictObject({ type: text }).optional(),
  name: z.string().min(1).optional().describe("The API's own name, where the key is another"),
  style: z.enum(PARAMETER_STYLES).optional().describe('How an array or object is written'),
  reserved: z.boolean().optional().describe('Keep characters such as / and : in path or query'),
  schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('More JSON Schema for agents: format, minimum, properties; not checked'),
})

const tool = z.strictObject({
  name: z.string().min(1).meta({ pattern: '^[a-zA-Z0-9_.-]{1,128}$' }),
  description: text.default(''),
  method: z.enum(METHODS),
  endpoint: z
    .string()
    .regex(/^(?:[/?]|$)/, 'must begin with /')
    .describe('Path below the base URL, with {parameter}s'),
  baseURL: text.optional().describe("Instead of the service's base URL"),
  headers: stringMap.optional().describe('Constant headers'),
  encoding: z.enum(ENCODINGS).optional(),
  parameters: z.record(z.string().min(1), parameter).default({}),
  body: z.unknown().optional().describe('JSON template with {{parameter}}s'),
  title: text.optional().describe('For people; made from the name if absent'),
  readOnly: z
    .boolean()
    .optional()
    .describe('Whether it changes nothing; by method and name if absent'),
  outputSchema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema of the answer, an object; clients refuse answers that do not fit'),
})

const CRON = /^(?:[\d*/,a-z-]+\s+){4,5}[\d*/,a-z-]+$/i
const health = z.strictObject({
  schedule: z.string().regex(CRON).optional().describe('Cron expression; default */30 * * * * *'),
  timeoutMs: z.number().int().min(50).max(30_000).optional().describe('Default 950'),
  slowMs: z.number().int().min(1).max(30_000).optional().describe('Degraded beyond; default 750'),
  path: z
    .string()
    .regex(/^\/[\w\-./?=&]*$/)
    .optional()
    .describe('Of an own program; default /health'),
  deep: z.boolean().optional().describe('Also ask whether the API is reachable, and for the tools'),
})
const processSettings = z.strictObject({
  isolation: z.enum(['packed', 'dedicated']).optional(),
  script: text
    .optional()
    .describe('Own program that listens on PORT and answers /health; relative to this folder'),
  nodeArgs: z.array(text).optional(),
  maxMemory: z
    .string()
    .regex(/^\d+[KMG]$/)
    .optional()
    .describe("PM2's notation: 150M"),
  instances: z.number().int().min(1).max(64).optional().describe('Processes that share the port'),
  env: z
    .array(z.string().regex(/^(?!BERTH_|MCP_TYPE|SERVICE_MODE$|PORT$)[A-Z][A-Z0-9_]*$/))
    .optional()
    .describe("Names of variables of the operator's environment that are passed on"),
})

const limit = z.number().min(0).optional()
const limits = z.strictObject({
  requestsPerSecond: limit,
  burst: limit,
  concurrent: limit,
  maxBodyBytes: limit,
})

export const serviceSchema = z.strictObject({
  $schema: text.optional(),
  name: z.string().regex(SERVICE_NAME),
  displayName: text.default(''),
  description: text.default(''),
  category: text.default('general'),
  iconUrl: z.url().optional(),
  port: z.number().int().min(1024).max(65535).describe('Static port on 127.0.0.1'),
  status: z.enum(['planned', 'unverified']).optional(),
  source: text.optional().describe('The documentation that the tools were written from'),
  api: z
    .strictObject({
      baseURL: text.default(''),
      version: text.default(''),
      documentation: text.default(''),
    })
    .prefault({}),
  auth: z
    .strictObject({
      type: z.enum(AUTH_TYPES).optional().describe('By the fields if absent; none without any'),
      fields: z.array(field).default([]),
      inject: inject.optional().describe('How credentials go into a request; by type if absent'),
      oauth: z
        .strictObject({
          authorizationUrl: text.optional(),
          tokenUrl: text,
          scopes: z.array(text).default([]),
          scopeSeparator: z.enum([' ', ',']).optional().describe('A space by default'),
          clientAuthentication: z
            .enum(['post', 'basic'])
            .optional()
            .describe('How the token endpoint learns who asks; in the body by default'),
          pkce: z
            .boolean()
            .optional()
            .describe(
              'false: the provider refuses a code_verifier, the secret and the state must do',
            ),
          issuer: z.url().optional().describe('What iss in the answer must be (RFC 9207)'),
        })
        .optional(),
      verify: verify.optional(),
    })
    .prefault({}),
  tools: z.array(tool).default([]),
  process: processSettings.optional(),
  limits: limits.optional(),
  health: health.optional(),
})

/** A config that has the present form, before what follows from its other parts is filled in. */
export type ParsedConfig = z.output<typeof serviceSchema>

/** A parsed config that has its `inject` is a Service; the compiler checks it here. */
export const toService = (
  config: ParsedConfig & {
    auth: { type: Service['auth']['type']; inject: z.output<typeof inject> }
  },
): Service => {
  const { $schema: _schema, ...service } = config
  return service
}

/** The JSON Schema that the shipped configs name in `$schema`. */
export const serviceJsonSchema = (): unknown => ({
  ...z.toJSONSchema(serviceSchema, { io: 'input', target: 'draft-2020-12' }),
  title: 'Berth service config',
})
