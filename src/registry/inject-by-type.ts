import {
  isSecretField,
  type CredentialField,
  type Inject,
  type OAuth1,
  type Service,
} from '../model/service.ts'

type AuthType = Service['auth']['type']

// Each by preference.
const TOKEN_FIELDS = ['access_token', 'bearer_token', 'auth_token', 'api_token', 'token']
const KEY_FIELDS = ['api_key', 'generic_api_key', 'apikey', ...TOKEN_FIELDS]
const USER_FIELDS = ['username', 'email', 'user', 'login', 'client_id', 'account_sid']
const PASSWORD_FIELDS = ['password', 'api_token', ...KEY_FIELDS, 'client_secret', 'api_secret']
const CONSUMER_KEY_FIELDS = ['consumer_key', 'api_key', 'client_key']
const CONSUMER_SECRET_FIELDS = ['consumer_secret', 'api_secret', 'api_secret_key', 'client_secret']
const TOKEN_SECRET_FIELDS = ['access_token_secret', 'token_secret']

/** Older configs say only the auth type. A Bearer header is what most APIs of type `api_key` take too. */
export const injectByType = (type: AuthType, fields: readonly CredentialField[]): Inject => {
  switch (type) {
    case 'none':
    case 'unknown':
      return {}
    case 'basic':
      return { basic: basicPair(fields) }
    case 'oauth1':
      return { oauth1: oauth1Keys(fields) }
    case 'oauth2':
      return bearer(pick(fields, [...TOKEN_FIELDS, ...KEY_FIELDS]) ?? 'access_token')
    default:
      return bearer(pick(fields, KEY_FIELDS) ?? onlySecret(fields) ?? 'api_key')
  }
}

/**
 * What a config that does not say its auth type must mean: who has no secret needs none, one secret is a key, and a user with a
 * password is both. Anything else could send a secret where it does not belong.
 */
export const typeByFields = (fields: readonly CredentialField[]): AuthType => {
  const secrets = fields.filter(isSecretField)
  if (secrets.length === 0) return 'none'
  if (pick(fields, TOKEN_SECRET_FIELDS) && pick(fields, CONSUMER_SECRET_FIELDS)) return 'oauth1'
  if (pick(fields, ['password']) && pick(fields, USER_FIELDS)) return 'basic'
  return secrets.length === 1 || pick(secrets, KEY_FIELDS) ? 'api_key' : 'unknown'
}

const oauth1Keys = (fields: readonly CredentialField[]): OAuth1 => ({
  consumerKey: braced(pick(fields, CONSUMER_KEY_FIELDS) ?? 'consumer_key'),
  consumerSecret: braced(pick(fields, CONSUMER_SECRET_FIELDS) ?? 'consumer_secret'),
  token: braced(pick(fields, TOKEN_FIELDS) ?? 'access_token'),
  tokenSecret: braced(pick(fields, TOKEN_SECRET_FIELDS) ?? 'access_token_secret'),
})

/** By usual names, else in the order of the fields. A key alone is the user, without a password, as payment APIs began it. */
const basicPair = (fields: readonly CredentialField[]): { username: string; password: string } => {
  const names = fields.map(({ name }) => name)
  const [only = 'username'] = names
  if (names.length === 1 && only !== 'username' && only !== 'password')
    return { username: braced(only), password: '' }
  const known = pick(fields, USER_FIELDS)
  const rest = names.filter((name) => name !== known)
  const password = PASSWORD_FIELDS.find((name) => rest.includes(name)) ?? rest[known ? 0 : 1]
  const username = known ?? rest.find((name) => name !== password)
  return { username: braced(username ?? 'username'), password: braced(password ?? 'password') }
}

const braced = (name: string): string => `{{${name}}}`

const bearer = (name: string): Inject => ({ headers: { Authorization: `Bearer ${braced(name)}` } })

const pick = (fields: readonly CredentialField[], names: readonly string[]): string | undefined =>
  names.find((name) => fields.some((field) => field.name === name))

const onlySecret = (fields: readonly CredentialField[]): string | undefined =>
  fields.find((field) => field.required && field.type === 'password')?.name
