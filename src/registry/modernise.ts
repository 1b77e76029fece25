import { moderniseAuth } from './modernise-auth.ts'
import { moderniseTool } from './modernise-tool.ts'
import { isObject, listOfNamed, rename, singleBraces, type Json } from './spelling.ts'

/**
 * Older configs load unchanged: this step rewrites older spellings into the present ones, before any check. Keys that
 * begin with `#` are remarks and disappear.
 */
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
  moderniseApi(config)
  if (typeof config['auth'] === 'string') config['auth'] = { type: config['auth'] }
  if (isObject(config['auth'])) moderniseAuth(config['auth'])
  if ('tools' in config) config['tools'] = listOfNamed(config['tools'])
  if (Array.isArray(config['tools'])) config['tools'].forEach(moderniseTool)
  return config
}

const moderniseApi = (config: Json): void => {
  for (const key of ['baseURL', 'baseUrl', 'base_url'])
    if (typeof config[key] === 'string') {
      config['api'] ??= {}
      if (isObject(config['api'])) config['api'][key] ??= config[key]
      Reflect.deleteProperty(config, key)
    }
  const { api } = config
  if (!isObject(api)) return
  rename(api, 'baseUrl', 'baseURL')
  rename(api, 'base_url', 'baseURL')
  rename(api, 'docs', 'documentation')
  singleBraces(api, 'baseURL')
  const { baseURL } = api
  if (typeof baseURL === 'string' && /^[a-z0-9][\w.-]*\.[a-z]{2,}(?=[:/?]|$)/i.test(baseURL))
    api['baseURL'] = `https://${baseURL}`
}
