import { moderniseTool } from './modernise-tool.ts'
import { isObject, rename, respell, singleBraces, type Json } from './spelling.ts'

/**
 * Older configs load unchanged: this step rewrites older spellings into the present ones, before any check. Keys that
 * begin with `#` are remarks and disappear.
 */
const AUTH_TYPE: Readonly<Record<string, string>> = {
  apikey: 'api_key',
  'api-key': 'api_key',
  key: 'api_key',
  bearer_token: 'bearer',
  token: 'bearer',
  basic_auth: 'basic',
  oauth: 'oauth2',
  'oauth2.0': 'oauth2',
  oauth2_0: 'oauth2',
  'oauth1.0a': 'oauth1',
  'oauth1.0': 'oauth1',
  api_token: 'api_key',
  bearertoken: 'bearer',
  jwt: 'bearer',
  personal_access_token: 'bearer',
  basicauth: 'basic',
  http_basic: 'basic',
  no_auth: 'none',
}
const FIELD_TYPE: Readonly<Record<string, string>> = {
  string: 'text',
  secret: 'password',
  number: 'text',
}
const withoutRemarks = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutRemarks)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('#'))
      .map(([key, item]) => [key, withoutRemarks(item)]),
  )
}

/** @returns the config in present spelling; what is not an object comes back as it is */
export const modernise = (raw: unknown): unknown => {
  const config = withoutRemarks(raw)
  if (!isObject(config)) return config
  if (typeof config['port'] === 'string' && /^\d+$/.test(config['port']))
    config['port'] = Number(config['port'])
  rename(config, 'icon', 'iconUrl')
  if (isObject(config['api'])) {
    rename(config['api'], 'baseUrl', 'baseURL')
    rename(config['api'], 'base_url', 'baseURL')
    rename(config['api'], 'docs', 'documentation')
    singleBraces(config['api'], 'baseURL')
  }
  if (isObject(config['auth'])) moderniseAuth(config['auth'])
  if (Array.isArray(config['tools'])) config['tools'].forEach(moderniseTool)
  return config
}

const moderniseAuth = (auth: Json): void => {
  if ('type' in auth) auth['type'] = respell(auth['type'], AUTH_TYPE)
  if (Array.isArray(auth['fields']))
    for (const field of auth['fields'])
      if (isObject(field) && 'type' in field) field['type'] = respell(field['type'], FIELD_TYPE)
  const oauth = auth['oauth']
  if (!isObject(oauth)) return
  rename(oauth, 'authorization_url', 'authorizationUrl')
  rename(oauth, 'token_url', 'tokenUrl')
  if (typeof oauth['scopes'] === 'string') oauth['scopes'] = oauth['scopes'].split(/[\s,]+/)
}
