import { isObject, listOfNamed, rename, respell, type Json } from './spelling.ts'

const AUTH_TYPE: Readonly<Record<string, string>> = {
  apikey: 'api_key', key: 'api_key', api_token: 'api_key', apitoken: 'api_key', custom: 'api_key', header: 'api_key',
  bearer_token: 'bearer', bearertoken: 'bearer', bearer_auth: 'bearer', http_bearer: 'bearer', token: 'bearer',
  jwt: 'bearer', access_token: 'bearer', auth_token: 'bearer', personal_access_token: 'bearer', pat: 'bearer',
  basic_auth: 'basic', basicauth: 'basic', http_basic: 'basic', basic_authentication: 'basic',
  oauth: 'oauth2', 'oauth2.0': 'oauth2', oauth2_0: 'oauth2', oauth_2: 'oauth2', 'oauth_2.0': 'oauth2',
  'oauth1.0a': 'oauth1', 'oauth1.0': 'oauth1', oauth1a: 'oauth1', oauth_1: 'oauth1', 'oauth_1.0': 'oauth1',
  'oauth_1.0a': 'oauth1', oauth1_0a: 'oauth1',
  no_auth: 'none', noauth: 'none', public: 'none', open: 'none',
} // prettier-ignore

/** Nothing here signs requests so; to send the secret itself instead would give it away. */
const SIGNED =
  /aws|sig_?v?4|signature|signed|hmac|digest|ntlm|hawk|kerberos|mtls|mutual|certificate|service_account/

const FIELD_TYPE: Readonly<Record<string, string>> = {
  string: 'text', str: 'text', number: 'text', int: 'text', integer: 'text', boolean: 'text', select: 'text', hidden: 'password',
  secret: 'password', token: 'password', key: 'password', api_key: 'password',
} // prettier-ignore

/** Changed in place. */
export const moderniseAuth = (auth: Json): void => {
  if (typeof auth['type'] === 'string') {
    const type = respell(auth['type'].trim().replace(/[\s-]+/g, '_'), AUTH_TYPE)
    auth['type'] = SIGNED.test(String(type)) ? 'unknown' : type
  }
  if ('fields' in auth) auth['fields'] = fieldsOf(auth['fields'])
  const { oauth } = auth
  if (!isObject(oauth)) return
  rename(oauth, 'authorization_url', 'authorizationUrl')
  rename(oauth, 'token_url', 'tokenUrl')
  if (typeof oauth['scopes'] === 'string') oauth['scopes'] = oauth['scopes'].split(/[\s,]+/)
}

/** A mere name stands for a secret that must be there. */
const fieldsOf = (given: unknown): unknown => {
  const fields = listOfNamed(given)
  if (!Array.isArray(fields)) return fields
  return fields.map((field: unknown) => {
    if (typeof field === 'string') return { name: field, type: 'password', required: true }
    return isObject(field) && 'type' in field
      ? { ...field, type: respell(field['type'], FIELD_TYPE) }
      : field
  })
}
