import { resolve } from 'node:path'
import { environmentOf, type Config } from '../base/config.ts'
import { redactText } from '../base/redact.ts'

/** What of an operator's environment the fleet must find again after a boot. */
const SETTING =
  /^(HOST|PORT|BASE_URL|PM2_HOME|BERTH_\w+|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(https?|no)_proxy)$/i

export type UnitEnvironment = {
  settings: Record<string, string>
  /** Settings that carry a secret: a unit file is readable by everybody. */
  leftOut: string[]
}

/**
 * The settings that are set, with paths made absolute. The home always stands there, so that the unit and the operator's
 * shell mean the same one. The database's address may hold a password, so it goes by a file.
 */
export const unitEnvironment = (config: Config, env: NodeJS.ProcessEnv): UnitEnvironment => {
  const set = Object.entries(environmentOf(config)).filter(
    ([name]) => isAlwaysTold(name) || (SETTING.test(name) && isSet(env[name])),
  )
  const isOpen = ([, value]: [string, string]) => redactText(value) === value
  return {
    settings: { ...Object.fromEntries(set.filter(isOpen)), ...databaseSetting(config, env) },
    leftOut: set.filter((entry) => !isOpen(entry)).map(([name]) => name),
  }
}

/** OpenTelemetry's variables have several spellings, and are there only when they are set in one of them. */
const isAlwaysTold = (name: string): boolean => name === 'BERTH_HOME' || name.startsWith('OTEL_')

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ''

const databaseSetting = (config: Config, env: NodeJS.ProcessEnv): Record<string, string> => {
  const file = env['DATABASE_URL_FILE']
  if (file) return { DATABASE_URL_FILE: resolve(file) }
  return config.databaseUrl === undefined ? {} : { DATABASE_URL_FILE: config.home.databaseUrlFile }
}
