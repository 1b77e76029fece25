import { templatePlaceholders } from './placeholder.ts'

/** One entry of the registry, complete: what `registry/<name>/config.json` says with every default filled in. */
export type Service = {
  readonly name: string
  readonly displayName: string
  readonly description: string
  readonly category: string
  readonly iconUrl?: string | undefined
  /** The static port on 127.0.0.1 that serves it. */
  readonly port: number
  /** `planned`: offers no tools yet. `unverified`: its tools were not checked against documentation. */
  readonly status?: 'planned' | 'unverified' | undefined
  /** The documentation that the tools were written from. */
  readonly source?: string | undefined
  readonly api: { baseURL: string; version: string; documentation: string }
  readonly auth: Auth
  readonly tools: readonly Tool[]
  readonly process?: ProcessSettings | undefined
  readonly limits?: Limits | undefined
  readonly health?: HealthSettings | undefined
}

/** `unknown`: it is not said how a key is sent, so no call is made. */
export const AUTH_TYPES = [
  'none', 'api_key', 'bearer', 'basic', 'oauth2', 'oauth1', 'unknown',
] as const // prettier-ignore
export const FIELD_TYPES = ['password', 'text', 'email', 'url', 'textarea'] as const
export const PARAMETER_TYPES = [
  'string', 'number', 'integer', 'boolean', 'array', 'object', 'file', 'any',
] as const // prettier-ignore
export const PARAMETER_STYLES = [
  'repeat', 'comma', 'space', 'pipe', 'brackets', 'deepObject', 'json',
] as const // prettier-ignore
export const ENCODINGS = ['json', 'form', 'multipart', 'text'] as const
export const PARAMETER_PLACES = ['path', 'query', 'header', 'cookie', 'body'] as const
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

type Auth = {
  readonly type: (typeof AUTH_TYPES)[number]
  readonly fields: readonly CredentialField[]
  readonly inject: Inject
  readonly oauth?: OAuth | undefined
  readonly verify?: Verify | undefined
}

/** One thing that a user enters. */
export type CredentialField = {
  readonly name: string
  readonly type: (typeof FIELD_TYPES)[number]
  readonly required: boolean
  readonly description: string
}

/** How credentials go into a request; values are templates with `{{field}}`. */
export type Inject = {
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Members of a JSON object, fields of a form. */
  readonly body?: Readonly<Record<string, string>> | undefined
  readonly basic?: { username: string; password: string } | undefined
  readonly oauth1?: OAuth1 | undefined
}

export type OAuth1 = {
  consumerKey: string
  consumerSecret: string
  token: string
  tokenSecret: string
}
/** How users sign in; both addresses may have `{field}`s of the user's, as the base URL may. */
export type OAuth = {
  /** May carry a constant query, such as `access_type=offline`. Absent: nobody signs in, tokens are entered. */
  authorizationUrl?: string | undefined
  tokenUrl: string
  scopes: readonly string[]
  /** A space by default. */
  scopeSeparator?: string | undefined
  /** How the token endpoint learns who asks: in the body (`post`, the default) or by HTTP Basic. */
  clientAuthentication?: 'post' | 'basic' | undefined
  /** False for providers that refuse a `code_verifier` (RFC 7636) of a client that has a secret. */
  pkce?: boolean | undefined
  /** What `iss` in the answer must be (RFC 9207). Absent: an address of the same origin as one of the two above. */
  issuer?: string | undefined
}

/** A cheap call that proves that a key works. */
type Verify = {
  method: (typeof METHODS)[number]
  endpoint: string
  /** HTTP status that says yes. */
  expect: number
  /** Dotted JSON path to what names the account. */
  account?: string | undefined
  body?: unknown
  source?: string | undefined
}

export type Tool = {
  readonly name: string
  readonly description: string
  /** Path below the base URL, with `{parameter}`s; may carry a constant query. */
  readonly endpoint: string
  readonly method: (typeof METHODS)[number]
  readonly parameters: Readonly<Record<string, Parameter>>
  /** Instead of the service's base URL. */
  readonly baseURL?: string | undefined
  /** Constant headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How the body is written; JSON by default. */
  readonly encoding?: (typeof ENCODINGS)[number] | undefined
  /** A JSON template with `{{parameter}}`s, where a flat object of the parameters is not what the API wants. */
  readonly body?: unknown
  /** For people; made from the name if absent. */
  readonly title?: string | undefined
  /** Whether it changes nothing; by rule GET and HEAD, unless the name says otherwise. */
  readonly readOnly?: boolean | undefined
  /** JSON Schema of the structured content. Clients refuse answers that do not fit. */
  readonly outputSchema?: Readonly<Record<string, unknown>> | undefined
}

export type Parameter = {
  readonly type: (typeof PARAMETER_TYPES)[number]
  readonly required: boolean
  readonly description: string
  readonly default?: unknown
  /** By default: path when the endpoint names it, query for GET, HEAD and DELETE unless their body does, otherwise body. */
  readonly in?: (typeof PARAMETER_PLACES)[number] | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly items?: { type: string } | undefined
  /** The API's own name for it, where the key is another: two places use one name, or agents could not write it. */
  readonly name?: string | undefined
  /** How an array or object is written outside of JSON. By default an array repeats its key and an object is JSON text. */
  readonly style?: (typeof PARAMETER_STYLES)[number] | undefined
  /** Whether characters such as `/` and `:` stand as they are in the path or query: RFC 6570 `{+name}`. */
  readonly reserved?: boolean | undefined
  /** What else its JSON Schema says (format, minimum, properties…): shown to agents, not checked. */
  readonly schema?: Readonly<Record<string, unknown>> | undefined
}

type ProcessSettings = {
  isolation?: 'packed' | 'dedicated' | undefined
  /** A program that listens on the static port and answers `/health`; relative to the service's folder. */
  script?: string | undefined
  /** PM2's notation: `150M`. */
  maxMemory?: string | undefined
  nodeArgs?: readonly string[] | undefined
  /** Processes that share the static port; more than one, and the service has a host of its own. */
  instances?: number | undefined
  /** Names of variables of the operator's environment that the program gets; with any, it has a host of its own. */
  env?: readonly string[] | undefined
}

/** How a service is watched, where it is another way than all. */
type HealthSettings = {
  /** Cron expression with seconds. */
  schedule?: string | undefined
  /** How long a probe waits for an answer. */
  timeoutMs?: number | undefined
  /** An answer that takes longer makes the service degraded. */
  slowMs?: number | undefined
  /** Of an own program. */
  path?: string | undefined
  /** Also whether the API can be reached, and whether the tools are listed. */
  deep?: boolean | undefined
}

/** 0 turns a limit off. */
type Limits = {
  requestsPerSecond?: number | undefined
  burst?: number | undefined
  concurrent?: number | undefined
  maxBodyBytes?: number | undefined
}

/** Fields whose values are secret. */
export const isSecretField = (field: CredentialField): boolean =>
  field.type === 'password' || field.type === 'textarea'

/** The name that the API knows a parameter by. */
export const wireName = (tool: Tool, key: string): string => tool.parameters[key]?.name ?? key

/** Where a parameter goes; the rule of the service config format (FORMATS.md). */
export const placeOf = (tool: Tool, name: string): (typeof PARAMETER_PLACES)[number] => {
  const stated = tool.parameters[name]?.in
  if (stated) return stated
  if (tool.endpoint.includes(`{${name}}`)) return 'path'
  if (!['GET', 'HEAD', 'DELETE'].includes(tool.method)) return 'body'
  const inBody = tool.body === undefined ? [] : templatePlaceholders(JSON.stringify(tool.body))
  return inBody.includes(name) ? 'body' : 'query'
}
