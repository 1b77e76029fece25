import type { AUTH_TYPES, CredentialField } from '../../model/service.ts'
import { shorten } from './descriptions.ts'
import { isObject, objectAt, textAt, valueAt, type Json } from './json.ts'

/** What a security scheme puts into a request, and what the user enters for it. */
export type Scheme = {
  type: (typeof AUTH_TYPES)[number]
  /** The place in the request, `header authorization`: two schemes cannot share one. */
  carrier: string
  fields: Omit<CredentialField, 'required'>[]
  headers?: Record<string, string>
  query?: Record<string, string>
  basic?: { username: string; password: string }
  oauth?: OAuth
}
export type OAuth = { authorizationUrl?: string; tokenUrl: string; scopes: string[] }

const AUTHORIZATION = 'header authorization'
const SCOPES = 60

/** @returns the scheme, or why the host cannot do it */
export const readScheme = (node: unknown): Scheme | { unsupported: string } => {
  const description = shorten(textAt(node, 'description'), 200)
  switch (textAt(node, 'type').toLowerCase()) {
    case 'apikey':
      return apiKey(node, description)
    case 'basic':
      return basic(description)
    case 'http':
      return http(textAt(node, 'scheme'), description)
    case 'oauth2':
      return oauth2(node, description)
    case 'openidconnect':
      return bearer('oauth2', 'access_token', description || `Access token of ${textAt(node, 'openIdConnectUrl')}`) // prettier-ignore
    default:
      return { unsupported: `schemes of type ${textAt(node, 'type') || 'nothing'} are not known` }
  }
}

/** `X-API-Key` → `api_key`. */
const fieldName = (name: string): string =>
  name
    .replace(/^x-/i, '')
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '_')
    .replace(/^_+|_+$/g, '') || 'api_key'

const apiKey = (node: unknown, description: string): Scheme | { unsupported: string } => {
  const name = textAt(node, 'name')
  const place = textAt(node, 'in')
  if (!/^[\x21-\x7e]+$/.test(name)) return { unsupported: 'its parameter has no usable name' }
  const field = fieldName(name)
  const template = `{{${field}}}`
  const common = { type: 'api_key' as const, carrier: `${place} ${name.toLowerCase()}` }
  const stated = description || `API key; goes into the ${place} as ${name}`
  const isWhole = common.carrier === AUTHORIZATION
  const told = isWhole
    ? `The whole value of the header Authorization. ${description}`.trim()
    : stated
  const fields = [{ name: field, type: 'password' as const, description: told }]
  if (place === 'query') return { ...common, fields, query: { [name]: template } }
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) return { unsupported: `${name} is no name of a header` }
  if (place === 'header') return { ...common, fields, headers: { [name]: template } }
  if (place === 'cookie') return { ...common, fields, headers: { Cookie: `${name}=${template}` } }
  return { unsupported: `a key in "${place}" is not known` }
}

const basic = (description: string): Scheme => ({
  type: 'basic',
  carrier: AUTHORIZATION,
  fields: [
    { name: 'username', type: 'text', description: description || 'User name' },
    { name: 'password', type: 'password', description: 'Password' },
  ],
  basic: { username: '{{username}}', password: '{{password}}' },
})

const bearer = (type: Scheme['type'], field: string, description: string): Scheme => ({
  type,
  carrier: AUTHORIZATION,
  fields: [{ name: field, type: 'password', description }],
  headers: { Authorization: `Bearer {{${field}}}` },
})

/** They answer a challenge or sign; a fixed value in a header is not enough for them. */
const CHALLENGES = /^(digest|negotiate|ntlm|hawk|hoba|mutual|scram-|vapid|privatetoken|gnap|dpop|oauth$|aws|.*hmac|.*signature)/i // prettier-ignore

const http = (scheme: string, description: string): Scheme | { unsupported: string } => {
  if (/^basic$/i.test(scheme)) return basic(description)
  if (/^bearer$/i.test(scheme)) return bearer('bearer', 'bearer_token', description || 'Bearer token') // prettier-ignore
  if (CHALLENGES.test(scheme) || !/^[\w-]+$/.test(scheme))
    return { unsupported: `http ${scheme || 'without a scheme'} cannot be done with a fixed value` }
  const field = { name: 'token', type: 'password' as const, description: description || 'Token' }
  const headers = { Authorization: `${scheme} {{token}}` }
  return { type: 'api_key', carrier: AUTHORIZATION, fields: [field], headers }
}

const FLOWS = ['authorizationCode', 'clientCredentials', 'password', 'implicit']

const oauth2 = (node: unknown, description: string): Scheme => {
  const flows = objectAt(node, 'flows')
  const flow = FLOWS.map((name) => flows[name]).find(isObject) ?? (isObject(node) ? node : {})
  const token = bearer('oauth2', 'access_token', description || 'OAuth 2 access token')
  const oauth = readFlow(flow)
  if (!oauth) return token
  const client = [
    { name: 'client_id', type: 'text' as const, description: 'OAuth client ID of your app; only needed for the OAuth flow' },
    { name: 'client_secret', type: 'password' as const, description: 'OAuth client secret of your app; only needed for the OAuth flow' },
  ] // prettier-ignore
  return { ...token, fields: [...token.fields, ...client], oauth }
}

const readFlow = (flow: Json): OAuth | undefined => {
  const tokenUrl = textAt(flow, 'tokenUrl')
  const authorizationUrl = textAt(flow, 'authorizationUrl')
  const scopes = Object.keys(objectAt(flow, 'scopes')).slice(0, SCOPES)
  if (!isHttps(tokenUrl)) return undefined
  return { ...(isHttps(authorizationUrl) ? { authorizationUrl } : {}), tokenUrl, scopes }
}

const isHttps = (url: string): boolean => URL.canParse(url) && url.startsWith('https://')

/** The schemes of a document of either version, by name. */
export const schemesOf = (
  root: Json,
  resolve: (node: unknown) => unknown,
): Map<string, unknown> => {
  const stated = valueAt(objectAt(root, 'components'), 'securitySchemes')
  const all = isObject(stated) ? stated : objectAt(root, 'securityDefinitions')
  return new Map(Object.entries(all).map(([name, node]) => [name, resolve(node)]))
}
