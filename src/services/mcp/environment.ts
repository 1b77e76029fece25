import { AppError } from '../../base/errors.ts'
import { LOG_LEVELS, type LogLevel } from '../../base/log-line.ts'
import { parseNamedValues } from '../../base/named-values.ts'
import { DEFAULT_SERVICE_NAME, outwardOf, type Otlp } from '../../base/otlp.ts'

/** As undici takes them; empty is none. */
export type Proxies = { httpProxy: string; httpsProxy: string; noProxy: string }

/**
 * A host's settings. Paths and names only, never secrets: PM2 writes a process's environment to its files.
 */
export type HostEnvironment = {
  services: readonly string[]
  /** Only of a dedicated host: instead of the registry's port. */
  port: number | undefined
  registryFile: string
  hostKeyFile: string
  /** What the host serves by now, in the form of `serviceRegistry.json`; over `services`. */
  servedFile: string | undefined
  controlSocket: string | undefined
  /** Where to note what ended this process. */
  crashFile: string | undefined
  /** Where to note for which service this process works right now. */
  workFile: string | undefined
  sandboxUrl: string | undefined
  allowPrivate: boolean
  proxies: Proxies
  logLevel: LogLevel
  /** Where its traces go; undefined: nothing is traced. */
  otlp: Otlp | undefined
}

/**
 * Reads the host's environment. By hand, since a host program starts without a schema library. PM2 adds variables of its
 * own, so unknown ones are ignored.
 *
 * @throws AppError `config_invalid` with every problem at once
 */
export const readHostEnvironment = (env: NodeJS.ProcessEnv): HostEnvironment => {
  const problems: string[] = []
  const required = (name: string): string => {
    const value = env[name] ?? ''
    if (value === '') problems.push(`${name}: is missing`)
    return value
  }
  if (env['SERVICE_MODE'] !== 'shared') problems.push('SERVICE_MODE: must be "shared"')
  const services = (env['MCP_TYPE'] ?? env['MCP_TYPES'] ?? '').split(',').filter(Boolean)
  if (services.length === 0) problems.push('MCP_TYPES: it (or MCP_TYPE) names no service')
  const environment = {
    services,
    port: env['MCP_TYPE'] === undefined ? undefined : readPort(env['PORT'], problems),
    registryFile: required('BERTH_REGISTRY_FILE'),
    hostKeyFile: required('BERTH_HOST_KEY_FILE'),
    servedFile: env['BERTH_SERVED_FILE'],
    controlSocket: env['BERTH_CONTROL_SOCKET'],
    crashFile: env['BERTH_CRASH_FILE'],
    workFile: env['BERTH_WORK_FILE'],
    sandboxUrl: env['BERTH_SANDBOX_URL'],
    allowPrivate: readFlag('BERTH_ALLOW_PRIVATE', env, problems),
    proxies: readProxies(env, problems),
    logLevel: readLogLevel(env['BERTH_LOG_LEVEL'] ?? 'info', problems),
    otlp: readOtlp(env),
  }
  if (problems.length === 0) return environment
  throw new AppError(
    'config_invalid',
    `The host's environment is not right:\n  ${problems.join('\n  ')}`,
  )
}

/** As the daemon checked it. */
const readOtlp = (env: NodeJS.ProcessEnv): Otlp | undefined => {
  const url = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? ''
  if (url === '') return undefined
  return {
    url,
    serviceName: env['OTEL_SERVICE_NAME'] ?? DEFAULT_SERVICE_NAME,
    resource: parseNamedValues(env['OTEL_RESOURCE_ATTRIBUTES'] ?? '') ?? {},
    headersFile: env['BERTH_OTLP_HEADERS_FILE'],
    outward: outwardOf((env['BERTH_TRACEPARENT_TO'] ?? '').split(',').filter(Boolean)),
  }
}

/** A word that is neither is refused: it could have been meant either way. */
const readFlag = (name: string, env: NodeJS.ProcessEnv, problems: string[]): boolean => {
  const word = env[name] ?? 'false'
  if (word !== 'true' && word !== 'false') problems.push(`${name}: must be true or false`)
  return word === 'true'
}

const readProxies = (env: NodeJS.ProcessEnv, problems: string[]): Proxies => ({
  httpProxy: readProxy('HTTP_PROXY', env, problems),
  httpsProxy: readProxy('HTTPS_PROXY', env, problems),
  noProxy: eitherCase('NO_PROXY', env),
})

/** In small letters or capitals, as curl and others read them. */
const eitherCase = (name: string, env: NodeJS.ProcessEnv): string =>
  env[name.toLowerCase()] ?? env[name] ?? ''

const PROXY_SCHEMES = ['http:', 'https:', 'socks5:']

/** Without a scheme it speaks HTTP, as for curl. A problem does not quote it: it may hold a password. */
const readProxy = (name: string, env: NodeJS.ProcessEnv, problems: string[]): string => {
  const given = eitherCase(name, env)
  if (given === '') return ''
  const address = given.includes('://') ? given : `http://${given}`
  if (!URL.canParse(address) || !PROXY_SCHEMES.includes(new URL(address).protocol))
    problems.push(`${name}: must be an address such as http://proxy.example:3128`)
  return address
}

const readLogLevel = (word: string, problems: string[]): LogLevel => {
  const level = LOG_LEVELS.find((one) => one === word)
  if (!level) problems.push(`BERTH_LOG_LEVEL: must be one of ${LOG_LEVELS.join(', ')}`)
  return level ?? 'info'
}

const readPort = (text: string | undefined, problems: string[]): number | undefined => {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) problems.push('PORT: is not a port')
  return port
}
