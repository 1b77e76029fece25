/**
 * The catalogue of error codes: HTTP status and what each one means. It is also the table in FORMATS.md.
 * A code is a contract: it may be added, never renamed.
 */
export const ERROR_CODES = {
  backup_invalid: { status: 422, meaning: 'the file is no backup, or of another kind of database' },
  config_invalid: { status: 500, meaning: 'an environment variable is unknown or wrong' },
  confirmation_needed: { status: 409, meaning: 'the command wants a yes: --yes' },
  credentials_ambiguous: {
    status: 422,
    meaning: 'apiKey was given, but the service needs several fields',
  },
  credentials_invalid: {
    status: 422,
    meaning: 'a credential field is missing, unknown or malformed',
  },
  credentials_refused: {
    status: 422,
    meaning: 'the API of the service does not accept the key; nothing was stored',
  },
  credentials_unreadable: {
    status: 500,
    meaning: 'a sealed record does not open: moved, cut or changed',
  },
  cutover_held: {
    status: 409,
    meaning: 'the cutover must not go on yet; the message says why',
  },
  cutover_none: { status: 409, meaning: 'no cutover is under way' },
  daemon_not_running: {
    status: 503,
    meaning: 'the command needs the daemon; start it with berth up',
  },
  database_differs: {
    status: 409,
    meaning: 'the daemon works on another database than the command would',
  },
  database_unavailable: { status: 503, meaning: 'the database does not answer' },
  email_taken: { status: 409, meaning: 'a user with this email exists' },
  file_insecure: { status: 500, meaning: 'a secret file or folder is readable by others' },
  fleet_incomplete: { status: 500, meaning: 'some services did not answer in time' },
  forbidden: { status: 403, meaning: 'the token does not allow this' },
  hook_failed: {
    status: 500,
    meaning: 'a command or webhook of the operator failed or took too long',
  },
  host_not_allowed: {
    status: 421,
    meaning: 'the Host or Origin header names none of our addresses',
  },
  host_unreachable: { status: 503, meaning: 'a host does not answer on its control channel' },
  identity_taken: { status: 409, meaning: 'this issuer and subject belong to another user' },
  instance_limit: { status: 403, meaning: 'the user has as many instances as they may' },
  internal: { status: 500, meaning: 'a defect; the log has the details under the request id' },
  invalid_request: {
    status: 422,
    meaning: 'the body or a parameter does not have the right shape',
  },
  jwks_unavailable: {
    status: 503,
    meaning: 'the keys that JWTs are checked with cannot be fetched',
  },
  key_missing: { status: 500, meaning: 'the key ring lacks the key that sealed this database' },
  key_needed: { status: 409, meaning: 'something still needs this key of the ring' },
  key_pending: { status: 409, meaning: 'processes that live have not loaded the new key yet' },
  legacy_invalid: {
    status: 422,
    meaning: 'the older database, or what was given to read it, is not what was expected',
  },
  locked: { status: 409, meaning: 'another process holds this lock' },
  malformed_json: { status: 400, meaning: 'the body is not JSON' },
  method_not_allowed: { status: 405, meaning: 'the path takes other methods; Allow names them' },
  migration_failed: {
    status: 500,
    meaning: 'a database migration failed or was edited after it ran',
  },
  not_found: {
    status: 404,
    meaning: 'nothing here; also said for everything wrong with an instance URL',
  },
  oauth_not_offered: {
    status: 422,
    meaning: 'users cannot sign in to this service: it has no OAuth, or nobody registered a client',
  },
  oauth_unavailable: {
    status: 503,
    meaning: 'an access token ended and its provider gives no new one at the moment',
  },
  openapi_invalid: { status: 422, meaning: 'the OpenAPI document cannot be imported' },
  openapi_unreachable: { status: 422, meaning: 'the OpenAPI document cannot be read or fetched' },
  pm2_failed: { status: 500, meaning: 'PM2 refused an action' },
  pm2_unreachable: { status: 503, meaning: 'the PM2 daemon does not answer within its deadline' },
  registry_invalid: { status: 500, meaning: 'the registry cannot be used as it is' },
  sandbox_refused: {
    status: 500,
    meaning: 'the sandbox is off limits for a database with real instances',
  },
  service_exists: { status: 409, meaning: 'the registry has this service or port already' },
  service_unavailable: { status: 503, meaning: 'the service is starting, restarting or down' },
  service_unknown: { status: 404, meaning: 'no service of this name' },
  service_timeout: { status: 504, meaning: 'the service did not answer in time' },
  too_large: { status: 413, meaning: 'the body is larger than allowed' },
  too_many_requests: {
    status: 429,
    meaning: 'a limit is reached; Retry-After says when to try again',
  },
  unauthorized: { status: 401, meaning: 'no valid token' },
  unsupported_media_type: {
    status: 415,
    meaning:
      'the body is sent as something else than JSON, or in a charset or encoding that is not taken',
  },
  users_adopted: {
    status: 409,
    meaning: 'the table users belongs to another program and wants more of a user',
  },
  user_unknown: { status: 404, meaning: 'no such user' },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/**
 * An expected failure. The message says what happened and what to do, and never carries a secret:
 * it goes to the client as it is.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  /** HTTP status; the catalogue's by default. */
  readonly status: number
  /** When trying again may help. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { status?: number; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.status = options.status ?? ERROR_CODES[code].status
    this.retryAfterSeconds = options.retryAfterSeconds ?? (this.status === 503 ? 1 : undefined)
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** The system's code (`ENOENT`, `ECONNREFUSED`, `23505`) of anything thrown, if it has one. */
export const systemCodeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined
