import { readCredentials, type CredentialsInput } from './credentials-input.ts'
import type { Credentials } from './host-credentials.ts'
import { templatePlaceholders } from './placeholder.ts'
import type { OAuth, Service } from './service.ts'

/** Who Berth is to an authorization server. Without a secret: a public client. */
export type OAuthClient = { id: string; secret?: string | undefined }

/** What a sign-in or a renewal brings. */
export type Tokens = {
  accessToken: string
  refreshToken?: string | undefined
  /** Absent: the access token does not expire, or nobody says when. */
  expiresInSeconds?: number | undefined
}

/** What is kept beside an access token, sealed as one JSON object. */
export type Grant = {
  refreshToken?: string | undefined
  /** Whose client the tokens belong to: the operator's, or the one among the user's own fields. */
  client: 'operator' | 'own'
}

/** When an access token ends and is renewed; null where nobody knows, or it does not. */
export type TokenTimes = { accessExpiresAt: Date | null; refreshAt: Date | null }

/** How a sign-in went, as its user may ask; `none`: there was none lately. */
export const SIGN_IN_STATES = [
  'none', 'waiting', 'done', 'denied', 'expired', 'refused', 'failed',
] as const // prettier-ignore
export type SignInState = (typeof SIGN_IN_STATES)[number]

/** A service whose users can sign in. */
export type SignInService = Service & { auth: { oauth: OAuth & { authorizationUrl: string } } }

/** By preference, where several secret fields go into a request. */
const TOKEN_FIELDS = ['access_token', 'bearer_token', 'auth_token', 'api_token', 'token']
const ID_FIELDS = ['client_id', 'app_id']
const SECRET_FIELDS = ['client_secret', 'app_secret']

/** The field that the access token fills: what goes into a request as it is. */
export const tokenField = ({ auth }: Service): string | undefined => {
  const secret = auth.fields.filter(({ type }) => type === 'password').map(({ name }) => name)
  const injected = templatePlaceholders(JSON.stringify(auth.inject)).filter((name) =>
    secret.includes(name),
  )
  return TOKEN_FIELDS.find((name) => injected.includes(name)) ?? injected[0]
}

/** Some providers refuse a `code_verifier` of a client that has a secret; one without has nothing else. */
export const provesCode = ({ pkce = true }: OAuth, { secret }: OAuthClient): boolean =>
  pkce || secret === undefined

/** Whether users of a service can sign in instead of entering a token. */
export const offersSignIn = (service: Service): service is SignInService =>
  service.auth.oauth?.authorizationUrl !== undefined && tokenField(service) !== undefined

const fieldAmong = (service: Service, names: readonly string[]) =>
  service.auth.fields.find(({ name }) => names.includes(name))?.name

/** The client among the user's own fields. */
export const ownClient = (service: Service, fields: Credentials): OAuthClient | undefined => {
  const id = fields[fieldAmong(service, ID_FIELDS) ?? '']
  return id === undefined ? undefined : { id, secret: fields[fieldAmong(service, SECRET_FIELDS) ?? ''] } // prettier-ignore
}

/**
 * What a user enters besides signing in. Where the operator's client is used, its id fills the field that requests need it in.
 * @throws AppError `credentials_invalid`
 */
export const readSignInFields = (
  service: Service,
  input: CredentialsInput,
  operator: OAuthClient | undefined,
): Credentials => {
  const idField = fieldAmong(service, ID_FIELDS)
  const given = { ...input.credentials }
  if (
    operator &&
    idField !== undefined &&
    given[idField] === undefined &&
    isInjected(service, idField)
  )
    // prettier-ignore
    given[idField] = operator.id
  const ofClient = [...ID_FIELDS, ...SECRET_FIELDS]
  const fields = service.auth.fields
    .filter(({ name }) => name !== tokenField(service))
    .map((field) => (ofClient.includes(field.name) ? { ...field, required: false } : field))
  return readCredentials({ ...service, auth: { ...service.auth, fields } }, { credentials: given })
}

const isInjected = ({ auth }: Service, name: string): boolean =>
  templatePlaceholders(JSON.stringify(auth.inject)).includes(name)

const MAX_AHEAD_MS = 10 * 60_000
const MAX_LIFE_MS = 10 * 365 * 86_400_000

/** A token is renewed in the last quarter of its life, at most ten minutes before its end. */
export const timesOf = ({ expiresInSeconds, refreshToken }: Tokens, now: Date): TokenTimes => {
  if (expiresInSeconds === undefined || expiresInSeconds <= 0)
    return { accessExpiresAt: null, refreshAt: null }
  const lifeMs = Math.min(expiresInSeconds * 1_000, MAX_LIFE_MS)
  const end = now.getTime() + lifeMs
  const refreshAt = refreshToken === undefined ? null : new Date(end - Math.min(lifeMs / 4, MAX_AHEAD_MS)) // prettier-ignore
  return { accessExpiresAt: new Date(end), refreshAt }
}
