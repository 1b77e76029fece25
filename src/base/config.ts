import { existsSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { contradictionsIn } from './contradictions.ts'
import { AppError } from './errors.ts'
import { homeAt, type Home } from './home.ts'
import { jwtEnvironment, jwtOf, type JwtSettings } from './jwt-settings.ts'
import { LOG_LEVELS } from './log-line.ts'
import { logEnvironment, LOG_FORMATS, logFilesOf, type LogSettings } from './log-settings.ts'
import { passedFrom, passedOn } from './passed-variables.ts'
import {
  readTracing,
  TRACING_VARIABLES,
  tracingEnvironment,
  type TracingSettings,
} from './tracing-settings.ts'
import {
  wholeNumber,
  httpUrl,
  list,
  addressRange,
  oneOf,
  flag,
  postgresUrl,
  contentOfFile,
  redisFile,
  loopback,
  keySetUrl,
  plainUrl,
  path,
} from './setting-shapes.ts'

/** The settings of one process, read once from its environment. */
export type Config = LogSettings & {
  readonly host: string
  readonly port: number
  /** What users see in front of their instance URLs; without a trailing slash. */
  readonly baseUrl: string
  readonly home: Home
  readonly pm2Home: string
  readonly registryDir: string
  /** `all`, or the names of the services to run. */
  readonly services: 'all' | readonly string[]
  /** Number of packed hosts. */
  readonly hosts: number
  /** Processes that answer instance URLs beside the daemon; 0: none. */
  readonly gateways: number
  /** The port that they share. */
  readonly gatewayPort: number
  /** Undefined: as `ecosystem.template.js` says. */
  readonly isolation: 'packed' | 'dedicated' | undefined
  /** Undefined: the embedded database. May carry a password. */
  readonly databaseUrl: string | undefined
  /** What counts requests of several gateway processes together. The file may carry a password. */
  readonly redis: { file: string; url: string } | undefined
  readonly masterKeyFile: string
  readonly adminTokenFile: string
  readonly sandboxUrl: string | undefined
  /** The server of the older model, which goes on serving what is not served here; without a trailing slash. */
  readonly legacyUrl: string | undefined
  /** Hosts and origins that clients may name besides the base URL and loopback. */
  readonly allowedHosts: readonly string[]
  /** Addresses and ranges of proxies whose word about a request's client counts. */
  readonly trustedProxies: readonly string[]
  /** Whether tools may call private addresses that the registry does not name. */
  readonly allowPrivate: boolean
  /** How long entries of the audit log are kept; undefined: for good. */
  readonly auditDays: number | undefined
  /** Undefined: no JWTs are taken. */
  readonly jwt: JwtSettings | undefined
  /** Undefined: nothing is traced. */
  readonly tracing: TracingSettings | undefined
  /** The folder of the installed package. */
  readonly packageRoot: string
  /** Variables that are passed on to the processes of the fleet: CA certificates, proxies, locale. */
  readonly passed: Readonly<Record<string, string>>
}

const schema = z.object({
  HOST: path.default('127.0.0.1'),
  PORT: wholeNumber(1, 65_535).default(3000),
  BASE_URL: httpUrl.optional(),
  BERTH_HOME: path.optional(),
  BERTH_REGISTRY_DIR: path.optional(),
  BERTH_SERVICES: list.optional(),
  BERTH_HOSTS: wholeNumber(1, 256).optional(),
  BERTH_GATEWAYS: wholeNumber(0, 64).default(0),
  BERTH_GATEWAY_PORT: wholeNumber(1, 65_535).optional(),
  BERTH_ISOLATION: oneOf(['packed', 'dedicated']).optional(),
  PM2_HOME: path.optional(),
  BERTH_LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  BERTH_LOG_FORMAT: oneOf(LOG_FORMATS).default('auto'),
  BERTH_LOG_FILE_MB: wholeNumber(1, 10_000).default(10),
  BERTH_LOG_FILES: wholeNumber(0, 100).default(5),
  BERTH_LOG_DAYS: wholeNumber(1, 3_650).default(14),
  BERTH_LOG_TOTAL_MB: wholeNumber(10, 1_000_000).default(1_024),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_URL_FILE: contentOfFile.pipe(postgresUrl).optional(),
  BERTH_REDIS_URL_FILE: z
    .string()
    .transform((file) => resolve(file))
    .pipe(redisFile)
    .optional(),
  BERTH_MASTER_KEY_FILE: path.optional(),
  BERTH_ADMIN_TOKEN_FILE: path.optional(),
  BERTH_SANDBOX_URL: loopback.optional(),
  BERTH_LEGACY_URL: plainUrl.optional(),
  BERTH_ALLOWED_HOSTS: list.default([]),
  BERTH_TRUSTED_PROXIES: list.pipe(z.array(addressRange)).default([]),
  BERTH_ALLOW_PRIVATE: flag.default(false),
  BERTH_AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).optional(),
  BERTH_JWT_SECRET_FILE: path.optional(),
  BERTH_JWKS_URL: keySetUrl.optional(),
  BERTH_JWT_ISSUER: z.string().optional(),
  BERTH_JWT_AUDIENCE: z.string().optional(),
  BERTH_JWT_SUB_IS_USER_ID: flag.default(false),
})

/**
 * Reads and checks the environment. An empty variable counts as absent.
 * @throws AppError `config_invalid` with every problem at once.
 */
export const readConfig = (env: NodeJS.ProcessEnv = process.env): Config => {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const problems = Object.keys(given)
    .filter((name) => name.startsWith('BERTH_') && !isKnown(name))
    .map((name) => `${name}: no such setting`)
  const parsed = schema.safeParse(given)
  if (!parsed.success)
    problems.push(
      ...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
    )
  const tracing = readTracing(given)
  problems.push(...contradictionsIn(given), ...tracing.problems)
  if (!parsed.success || problems.length > 0)
    throw new AppError(
      'config_invalid',
      `The environment is not right:\n  ${problems.join('\n  ')}`,
    )
  return { ...configOf(parsed.data, given), tracing: tracing.settings }
}

const isKnown = (name: string): boolean => name in schema.shape || TRACING_VARIABLES.includes(name)

type Environment = z.output<typeof schema>

const configOf = (env: Environment, given: NodeJS.ProcessEnv): Omit<Config, 'tracing'> => {
  const packageRoot = findPackageRoot()
  return {
    ...pathsOf(env, packageRoot),
    host: env.HOST,
    port: env.PORT,
    baseUrl: env.BASE_URL ?? `http://${env.HOST}:${env.PORT}`,
    services: servicesOf(env.BERTH_SERVICES),
    hosts: env.BERTH_HOSTS ?? availableParallelism(),
    gateways: env.BERTH_GATEWAYS,
    gatewayPort: env.BERTH_GATEWAY_PORT ?? env.PORT + 1,
    isolation: env.BERTH_ISOLATION,
    logLevel: env.BERTH_LOG_LEVEL,
    logFormat: env.BERTH_LOG_FORMAT,
    logFiles: logFilesOf(env),
    databaseUrl: env.DATABASE_URL ?? env.DATABASE_URL_FILE,
    redis: env.BERTH_REDIS_URL_FILE,
    sandboxUrl: env.BERTH_SANDBOX_URL,
    legacyUrl: env.BERTH_LEGACY_URL,
    allowedHosts: env.BERTH_ALLOWED_HOSTS,
    trustedProxies: env.BERTH_TRUSTED_PROXIES,
    allowPrivate: env.BERTH_ALLOW_PRIVATE,
    auditDays: env.BERTH_AUDIT_RETENTION_DAYS,
    jwt: jwtOf(env),
    packageRoot,
    passed: passedOn(given),
  }
}

/** The variables that services ask for by name, as far as this process has them. */
export const readVariables = (
  names: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Record<string, string> => passedFrom(env, names)

const pathsOf = (env: Environment, packageRoot: string) => {
  const root = resolve(env.BERTH_HOME ?? join(homedir(), '.berth'))
  return {
    home: homeAt(root),
    pm2Home: resolve(env.PM2_HOME ?? join(root, 'pm2')),
    registryDir: resolve(env.BERTH_REGISTRY_DIR ?? join(packageRoot, 'registry')),
    masterKeyFile: resolve(env.BERTH_MASTER_KEY_FILE ?? join(root, 'master.key')),
    adminTokenFile: resolve(env.BERTH_ADMIN_TOKEN_FILE ?? join(root, 'admin.token')),
  }
}

const servicesOf = (names: readonly string[] | undefined): Config['services'] =>
  names === undefined || names.includes('all') ? 'all' : names

/** The nearest folder above this file with a package.json, wherever the program was built to. */
const findPackageRoot = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const above = dirname(folder)
    if (above === folder)
      throw new AppError('internal', 'No package.json stands above this program.')
    folder = above
  }
  return folder
}

/** The environment that the daemon needs to read the same Config again; no secret is in it. */
export const environmentOf = (config: Config): Record<string, string> => {
  const optional = {
    BERTH_SERVICES: config.services === 'all' ? undefined : config.services.join(','),
    BERTH_GATEWAYS: config.gateways > 0 ? String(config.gateways) : undefined,
    BERTH_GATEWAY_PORT: config.gateways > 0 ? String(config.gatewayPort) : undefined,
    BERTH_ISOLATION: config.isolation,
    DATABASE_URL_FILE: config.databaseUrl === undefined ? undefined : config.home.databaseUrlFile,
    BERTH_REDIS_URL_FILE: config.redis?.file,
    BERTH_SANDBOX_URL: config.sandboxUrl,
    BERTH_LEGACY_URL: config.legacyUrl,
    BERTH_ALLOWED_HOSTS: config.allowedHosts.join(',') || undefined,
    BERTH_TRUSTED_PROXIES: config.trustedProxies.join(',') || undefined,
    BERTH_ALLOW_PRIVATE: config.allowPrivate ? 'true' : undefined,
    BERTH_AUDIT_RETENTION_DAYS: config.auditDays === undefined ? undefined : String(config.auditDays), // prettier-ignore
    ...jwtEnvironment(config.jwt),
    ...tracingEnvironment(config.tracing),
  }
  const present = Object.entries(optional).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]]))
  return {
    ...config.passed,
    HOST: config.host,
    PORT: String(config.port),
    BASE_URL: config.baseUrl,
    BERTH_HOME: config.home.root,
    BERTH_REGISTRY_DIR: config.registryDir,
    BERTH_HOSTS: String(config.hosts),
    PM2_HOME: config.pm2Home,
    ...logEnvironment(config),
    BERTH_MASTER_KEY_FILE: config.masterKeyFile,
    BERTH_ADMIN_TOKEN_FILE: config.adminTokenFile,
    ...(Object.fromEntries(present) as Record<string, string>),
  }
}
