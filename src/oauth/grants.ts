import * as oauth from 'oauth4webapi'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Credentials } from '../model/host-credentials.ts'
import { provesCode, type OAuthClient, type Tokens } from '../model/oauth.ts'
import { pathPlaceholders } from '../model/placeholder.ts'
import { resolveUrl } from '../model/resolve-url.ts'
import type { OAuth, Service } from '../model/service.ts'
import { tolerate } from './tolerate.ts'
import type { WayOut } from './way-out.ts'

/** What a token endpoint said. `ended`: it will never say yes to this grant again. `unavailable`: it said nothing about it. */
export type Granted =
  | { kind: 'tokens'; tokens: Tokens }
  | { kind: 'ended' | 'refused' | 'mixed-up' | 'unavailable'; reason: string }

type Asking = {
  service: Service & { auth: { oauth: OAuth } }
  /** The user's fields, which addresses may have places for. */
  fields: Credentials
  client: OAuthClient
}

export type Grants = {
  /** @param parameters What came to the callback, whose state is the right one */
  exchange: (
    asking: Asking,
    code: { parameters: URLSearchParams; state: string; verifier: string },
  ) => Promise<Granted>
  refresh: (asking: Asking, refreshToken: string) => Promise<Granted>
}

type Needs = { wayOut: WayOut; redirectUri: string; log: Log }

/** Below what a request to a gateway waits. */
const DEADLINE_MS = 10_000

/** Asks token endpoints. Their answers, which hold tokens, and the errors that hold them, stay in here. */
export const createGrants = (needs: Needs): Grants => ({
  exchange: (asking, { parameters, state, verifier }) =>
    ask(needs, asking, async ({ server, client, authentication, options }) => {
      const iss = parameters.get('iss')
      if (!isFromItself(asking, iss)) throw new MixedUp()
      const checked = oauth.validateAuthResponse(server(iss), client, parameters, state)
      // The registry names the few that do not pass over what they do not know (RFC 6749 §3.2).
      // eslint-disable-next-line @typescript-eslint/no-deprecated
      const proof = provesCode(asking.service.auth.oauth, asking.client) ? verifier : oauth.nopkce
      const answer = await oauth.authorizationCodeGrantRequest(
        server(), client, authentication, checked, needs.redirectUri, proof, options,
      ) // prettier-ignore
      return oauth.processAuthorizationCodeResponse(server(), client, answer)
    }),
  refresh: (asking, refreshToken) =>
    ask(needs, asking, async ({ server, client, authentication, options }) => {
      const answer = await oauth.refreshTokenGrantRequest(server(), client, authentication, refreshToken, options) // prettier-ignore
      return oauth.processRefreshTokenResponse(server(), client, answer)
    }),
})

type Parts = {
  /** @param iss What the answer says that it is from */
  server: (iss?: string | null) => oauth.AuthorizationServer
  client: oauth.Client
  authentication: oauth.ClientAuth
  options: oauth.TokenEndpointRequestOptions
}

const ask = async (
  needs: Needs,
  asking: Asking,
  work: (parts: Parts) => Promise<oauth.TokenEndpointResponse>,
): Promise<Granted> => {
  try {
    const answer = await work(partsOf(needs, asking))
    return { kind: 'tokens', tokens: tokensOf(answer) }
  } catch (error) {
    const granted = judge(error)
    needs.log.warn('a token endpoint gave no tokens', { service: asking.service.name, ...granted })
    return granted
  }
}

const partsOf = ({ wayOut }: Needs, { service, fields, client }: Asking): Parts => {
  const { tokenUrl, clientAuthentication } = service.auth.oauth
  const tokenEndpoint = resolveUrl(service, tokenUrl, fields)
  const to = { service: service.name, isFilledIn: pathPlaceholders(tokenUrl).length > 0 }
  const signal = AbortSignal.timeout(DEADLINE_MS)
  return {
    server: (iss) => ({
      issuer: iss ?? tokenEndpoint.origin,
      token_endpoint: tokenEndpoint.href,
    }),
    client: { client_id: client.id },
    authentication: authenticationOf(client, clientAuthentication),
    options: {
      [oauth.customFetch]: async (url, { method, headers, body }) => {
        const sent = { method, headers, body: String(body), signal }
        const received = await wayOut.send(to, new URL(url), sent)
        const answer = tolerate(received)
        if (answer) return answer
        throw new NoAnswer(`it answered ${received.status}`)
      },
    },
  }
}

class NoAnswer extends Error {}
class MixedUp extends Error {}

/**
 * Whether an answer to the callback may be from this service's provider (RFC 9207): what `iss` names is what the config says,
 * or has the origin of one of its addresses. Providers that do not name themselves are believed.
 */
const isFromItself = ({ service, fields }: Asking, iss: string | null): boolean => {
  const { tokenUrl, authorizationUrl = tokenUrl, issuer } = service.auth.oauth
  if (iss === null) return true
  if (issuer !== undefined) return iss === issuer
  const origins = [tokenUrl, authorizationUrl].map((url) => resolveUrl(service, url, fields).origin)
  return URL.canParse(iss) && origins.includes(new URL(iss).origin)
}

const authenticationOf = (
  { secret }: OAuthClient,
  way: OAuth['clientAuthentication'],
): oauth.ClientAuth => {
  if (secret === undefined) return oauth.None()
  return way === 'basic' ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret)
}

const tokensOf = (answer: oauth.TokenEndpointResponse): Tokens => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token,
  expiresInSeconds: answer.expires_in,
})

/** RFC 6749 §5.2, and what providers say instead of `invalid_grant`. */
const ENDED = ['invalid_grant', 'bad_refresh_token', 'token_revoked', 'invalid_refresh_token', 'token_expired'] // prettier-ignore
const LATER = ['temporarily_unavailable', 'server_error', 'slow_down', 'rate_limited', 'ratelimited'] // prettier-ignore

/** In words that hold nothing secret: what the library threw may carry codes and tokens. */
const judge = (error: unknown): Exclude<Granted, { kind: 'tokens' }> => {
  if (error instanceof oauth.ResponseBodyError) {
    const { error: reason } = error
    if (ENDED.includes(reason)) return { kind: 'ended', reason }
    return { kind: LATER.includes(reason) || error.status === 429 ? 'unavailable' : 'refused', reason } // prettier-ignore
  }
  if (error instanceof oauth.AuthorizationResponseError) return { kind: 'refused', reason: wordOf(error.error) } // prettier-ignore
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError)
    return { kind: 'refused', reason: error.message } // prettier-ignore
  if (error instanceof MixedUp)
    return { kind: 'mixed-up', reason: 'the answer is from another provider' }
  return { kind: 'unavailable', reason: messageOf(error) }
}

const wordOf = (code: string): string => (/^[a-z_]{1,40}$/.test(code) ? code : 'an unknown error')
