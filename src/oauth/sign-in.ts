import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import { AppError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { CredentialsInput } from '../model/credentials-input.ts'
import type { Credentials } from '../model/host-credentials.ts'
import { hashSecret } from '../model/instance.ts'
import {
  offersSignIn, ownClient, provesCode, readSignInFields, timesOf, tokenField, type Grant, type OAuthClient, type SignInService,
  type SignInState, type TokenTimes, type Tokens,
} from '../model/oauth.ts' // prettier-ignore
import { pathPlaceholders } from '../model/placeholder.ts'
import { resolveUrl } from '../model/resolve-url.ts'
import type { Service } from '../model/service.ts'
import type { Granted, Grants } from './grants.ts'

type Owner = { userId: string; service: string }
/** A sign-in as it is stored; what is sealed is there once. */
type Login = Owner & {
  stateHash: Buffer
  sealedLogin: string | null
  sandbox: boolean
  isExpired: boolean
  outcome: string | null
  expiresAt: Date
}
type Row = Owner & { stateHash: Buffer }

export type SignInNeeds = {
  /** @throws AppError `service_unknown` */
  serviceNamed: (name: string) => Service
  operatorClient: (service: string) => Promise<OAuthClient | undefined>
  exchange: Grants['exchange']
  /** Where the browser is sent to: another place with a sandbox. */
  addressOf: (service: string, url: URL) => URL
  redirectUri: string
  isSandbox: boolean
  seal: (row: Row, plaintext: string) => string
  open: (row: Row, sealed: string) => string
  insertLogin: (login: Row & { sealedLogin: string; sandbox: boolean; lifeSeconds: number }) => Promise<Date>
  takeLogin: (stateHash: Buffer) => Promise<Login | undefined>
  setOutcome: (stateHash: Buffer, outcome: SignInState) => Promise<void>
  findLogin: (owner: Owner) => Promise<Login | undefined>
  /** Makes or replaces the user's instance. @throws AppError `credentials_refused`, `instance_limit` */
  store: (owner: Owner, credentials: Credentials, grant: Grant & TokenTimes) => Promise<{ instanceId: string }>
  now: () => Date
  log: Log
} // prettier-ignore

/** What came back from the provider, and what was made of it; the page says it in words. */
export type SignedIn =
  | { kind: 'done'; service: string; userId: string; instanceId: string }
  | { kind: 'unknown' }
  | { kind: 'expired' | 'replayed' | 'denied' | 'refused' | 'failed' | 'mixed-up'; service: string; userId: string; reason?: string } // prettier-ignore

export type SignIns = {
  /** @throws AppError `service_unknown`, `oauth_not_offered`, `credentials_invalid` */
  start: (owner: Owner, input: CredentialsInput) => Promise<{ authorizationUrl: string; expiresAt: string }>
  /** What the provider sent the browser back with; used once, whatever comes of it. */
  finish: (parameters: URLSearchParams) => Promise<SignedIn>
  /** How the user's latest sign-in to a service went. @throws AppError `service_unknown` */
  status: (owner: Owner) => Promise<{ state: SignInState; expiresAt: string | null }>
} // prettier-ignore

const LIFE_SECONDS = 600

const sealedLogin = z.object({
  verifier: z.string(),
  fields: z.record(z.string(), z.string()),
  client: z.enum(['operator', 'own']),
})
type Sealed = z.output<typeof sealedLogin>

/** Signing in to services: authorization code with PKCE (RFC 6749, 7636), as RFC 9700 wants it. */
export const createSignIns = (needs: SignInNeeds): SignIns => ({
  start: (owner, input) => start(needs, owner, input),
  finish: (parameters) => finish(needs, parameters),
  status: async (owner) => {
    needs.serviceNamed(owner.service)
    const login = await needs.findLogin(owner)
    if (!login) return { state: 'none', expiresAt: null }
    const state = (login.outcome ?? (login.isExpired ? 'expired' : 'waiting')) as SignInState
    return { state, expiresAt: login.expiresAt.toISOString() }
  },
})

const start = async (needs: SignInNeeds, owner: Owner, input: CredentialsInput) => {
  const service = signInService(needs, owner.service)
  const own = ownClient(service, input.credentials ?? {})
  const operator = await needs.operatorClient(service.name)
  const client = own ?? operator
  if (!client) throw notOffered(service, `The operator registers a client first (berth oauth clients set ${service.name}), or the user enters the id and secret of their own.`) // prettier-ignore
  const fields = readSignInFields(service, input, operator)
  const [state, verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()]
  const row = { ...owner, stateHash: hashSecret(state) }
  const login: Sealed = { verifier, fields, client: own ? 'own' : 'operator' }
  const url = authorizationUrl(needs, service, { fields, client, state, challenge: await oauth.calculatePKCECodeChallenge(verifier) }) // prettier-ignore
  const expiresAt = await needs.insertLogin({
    ...row,
    sealedLogin: needs.seal(row, JSON.stringify(login)),
    sandbox: needs.isSandbox,
    lifeSeconds: LIFE_SECONDS,
  })
  return { authorizationUrl: url.href, expiresAt: expiresAt.toISOString() }
}

const signInService = (needs: SignInNeeds, name: string): SignInService => {
  const service = needs.serviceNamed(name)
  if (offersSignIn(service)) return service
  throw notOffered(service, `Enter a key: POST /api/v1/services/${name}/authenticate.`)
}

const notOffered = (service: Service, advice: string): AppError =>
  new AppError('oauth_not_offered', `Nobody can sign in to ${service.displayName} here. ${advice}`)

type Asked = { fields: Credentials; client: OAuthClient; state: string; challenge: string }

const authorizationUrl = (
  { addressOf, redirectUri }: SignInNeeds,
  service: SignInService,
  { fields, client, state, challenge }: Asked,
): URL => {
  const { authorizationUrl: template, scopes, scopeSeparator = ' ' } = service.auth.oauth
  const url = new URL(resolveUrl(service, template, fields))
  const query = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: redirectUri,
    ...(scopes.length > 0 && { scope: filled(scopes.join(scopeSeparator), fields) }),
    state,
    ...(provesCode(service.auth.oauth, client) && {
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }),
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return addressOf(service.name, url)
}

/** Some scopes name the user's own place: `https://{subdomain}.crm.dynamics.com/…`. */
const filled = (scope: string, fields: Credentials): string =>
  pathPlaceholders(scope).reduce(
    (text, name) => text.replaceAll(`{${name}}`, fields[name] ?? ''),
    scope,
  )

/** As long as the library makes it: nothing else is asked about in the database. */
const STATE = /^[\w-]{43}$/

const finish = async (needs: SignInNeeds, parameters: URLSearchParams): Promise<SignedIn> => {
  const [state = '', ...more] = parameters.getAll('state')
  const stateHash = hashSecret(state)
  const login = STATE.test(state) && more.length === 0 ? await needs.takeLogin(stateHash) : undefined // prettier-ignore
  if (!login || login.sandbox !== needs.isSandbox) return { kind: 'unknown' }
  const { userId, service, sealedLogin: sealed } = login
  if (sealed === null) return { kind: 'replayed', userId, service }
  if (login.isExpired) return { kind: 'expired', userId, service }
  const done = await finishTaken(needs, { ...login, sealed }, { parameters, state }).catch(
    (error: unknown): SignedIn => failed(needs, login, error),
  )
  await needs.setOutcome(stateHash, outcomeOf(done.kind))
  return done
}

const outcomeOf = (kind: SignedIn['kind']): SignInState =>
  kind === 'done' || kind === 'denied' || kind === 'refused' ? kind : 'failed'

const failed = ({ log }: SignInNeeds, { userId, service }: Login, error: unknown): SignedIn => {
  log.error('a sign-in failed', { service, userId, reason: messageOf(error) })
  if (!(error instanceof AppError)) return { kind: 'failed', userId, service }
  const kind = error.code === 'credentials_refused' ? 'refused' : 'failed'
  // Of others (the database, the vault) the page says nothing.
  const isSaid = error.status >= 400 && error.status < 500
  return { kind, userId, service, ...(isSaid && { reason: error.message }) }
}

const finishTaken = async (
  needs: SignInNeeds,
  login: Login & { sealed: string },
  came: { parameters: URLSearchParams; state: string },
): Promise<SignedIn> => {
  const { userId } = login
  const service = signInService(needs, login.service)
  const { verifier, fields, client: whose } = sealedLogin.parse(JSON.parse(needs.open(login, login.sealed))) // prettier-ignore
  const client = whose === 'own' ? ownClient(service, fields) : await needs.operatorClient(service.name) // prettier-ignore
  if (!client) return { kind: 'failed', userId, service: service.name, reason: 'No client is registered for it any more.' } // prettier-ignore
  const granted = await needs.exchange({ service, fields, client }, { ...came, verifier })
  if (granted.kind !== 'tokens') return toRefusal(login, granted)
  const { accessToken, refreshToken } = granted.tokens
  const credentials = { ...fields, [tokenField(service) ?? '']: accessToken }
  const grant = { refreshToken, client: whose, ...timesOf(granted.tokens, needs.now()) }
  const { instanceId } = await needs.store({ userId, service: service.name }, credentials, grant)
  return { kind: 'done', userId, service: service.name, instanceId }
}

type Refused = Exclude<Granted, { kind: 'tokens'; tokens: Tokens }>

const toRefusal = ({ userId, service }: Login, { kind, reason }: Refused): SignedIn => {
  if (reason === 'access_denied') return { kind: 'denied', userId, service }
  if (kind === 'mixed-up') return { kind, userId, service }
  const said = kind === 'unavailable' ? 'the provider did not answer' : reason
  return { kind: 'failed', userId, service, reason: said }
}
