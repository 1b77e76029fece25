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
  'oauth1.0a': 'oauth1',
  no_auth: 'none',
}
const FIELD_TYPE: Readonly<Record<string, string>> = {
  string: 'text',
  secret: 'password',
  number: 'text',
}
const PARAMETER_TYPE: Readonly<Record<string, string>> = {
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  list: 'array',
  json: 'object',
}

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const withoutRemarks = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutRemarks)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('#'))
      .map(([key, item]) => [key, withoutRemarks(item)]),
  )
}

const respell = (value: unknown, spellings: Readonly<Record<string, string>>): unknown => {
  if (typeof value !== 'string') return value
  const lower = value.toLowerCase()
  return Object.hasOwn(spellings, lower) ? spellings[lower] : lower
}

const rename = (object: Json, from: string, to: string): void => {
  if (!(from in object)) return
  if (!(to in object)) object[to] = object[from]
  Reflect.deleteProperty(object, from)
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
  }
  if (isObject(config['auth'])) moderniseAuth(config['auth'])
  if (Array.isArray(config['tools'])) for (const tool of config['tools']) moderniseTool(tool)
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

const moderniseTool = (tool: unknown): void => {
  if (!isObject(tool)) return
  if (typeof tool['method'] === 'string') tool['method'] = tool['method'].toUpperCase()
  rename(tool, 'path', 'endpoint')
  if (!isObject(tool['parameters'])) return
  for (const parameter of Object.values(tool['parameters']))
    if (isObject(parameter) && 'type' in parameter)
      parameter['type'] = respell(parameter['type'], PARAMETER_TYPE)
}
