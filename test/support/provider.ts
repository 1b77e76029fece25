import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Configuration, Provider } from 'oidc-provider'

export const CLIENT = { id: 'berth', secret: `client-${randomBytes(24).toString('hex')}` }

/** Its words about Node 20, which it runs on all the same, and about being a test's are not for every run of the tests. */
const makeQuietly = async (issuer: string, configuration: Configuration): Promise<Provider> => {
  const { warn, info } = console
  console.warn = console.info = () => undefined
  try {
    const { Provider: Made } = await import('oidc-provider')
    return new Made(issuer, configuration)
  } finally {
    Object.assign(console, { warn, info })
  }
}

type Mounted = IncomingMessage & { originalUrl?: string; baseUrl?: string }

/**
 * A real OpenID provider for the service `widgets`, as a sandbox has it, and the service's API, which takes the tokens of the
 * provider alone. Whoever comes is signed in as anna. Refresh tokens rotate: an old one that comes again ends the grant.
 */
export const startProvider = async (redirectUri: string) => {
  const seen = {
    grants: [] as string[],
    refused: [] as string[],
    api: [] as string[],
    refreshTokens: [] as string[],
  }
  /** What the user does at the provider. */
  const user = { denies: false }
  let gate: Promise<void> | undefined
  const arrivals: (() => void)[] = []
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const made = await makeQuietly(`${url}/widgets`, configurationFor(redirectUri))
  made.on('grant.success', ({ oidc }) => seen.grants.push(String(oidc.params?.['grant_type'])))
  made.on('grant.success', ({ body }) => {
    const { refresh_token: token } = body as { refresh_token?: string }
    if (token !== undefined) seen.refreshTokens.push(token)
  })
  made.on('grant.error', (_context, error) => seen.refused.push(error.message))
  const callback = made.callback()

  const answer = async (request: Mounted, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '').replace(/^\/widgets/, '')
    if (path.startsWith('/v1/')) return answerApi(request, response)
    if (path.startsWith('/interaction/')) {
      const result = user.denies
        ? { error: 'access_denied' }
        : { login: { accountId: 'anna' }, consent: {} }
      Object.assign(request, { originalUrl: request.url, baseUrl: '/widgets' })
      return made.interactionFinished(request, response, result)
    }
    if (path.startsWith('/token')) {
      arrivals.splice(0).forEach((tell) => tell())
      await gate
    }
    Object.assign(request, { originalUrl: request.url, baseUrl: '/widgets', url: path })
    await callback(request, response)
  }
  const answerApi = async (request: IncomingMessage, response: ServerResponse) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    seen.api.push(token)
    const found = token === '' ? undefined : await made.AccessToken.find(token)
    const body = found ? { login: found.accountId } : { error: 'no such token' }
    response.writeHead(found ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }

  return {
    url,
    seen,
    user,
    refreshes: () => seen.grants.filter((type) => type === 'refresh_token').length,
    /** Token requests wait until the returned function is called. */
    hold: (): (() => void) => {
      let open: () => void = () => undefined
      gate = new Promise((resolve) => (open = resolve))
      return () => {
        gate = undefined
        open()
      }
    },
    /** When the next token request is there. */
    arrived: () => new Promise<void>((resolve) => arrivals.push(resolve)),
    /** As if anna had withdrawn the access. */
    revoke: async (accessToken: string) => {
      const token = await made.AccessToken.find(accessToken)
      await made.Grant.find(token?.grantId ?? '').then((grant) => grant?.destroy())
      await token?.destroy()
    },
    /** An access token alone ends before its time. */
    forget: async (accessToken: string) => (await made.AccessToken.find(accessToken))?.destroy(),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const configurationFor = (redirectUri: string): Configuration => ({
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['openid', 'offline_access', 'items:read'],
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/widgets/interaction/${uid}` },
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: {
    IdToken: 3_600,
    AccessToken: 3_600,
    RefreshToken: 86_400,
    Grant: 86_400,
    Session: 3_600,
    Interaction: 600,
  },
  cookies: { keys: ['of the tests'] },
  jwks: {
    keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })],
  },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client?.clientId ?? '',
      accountId: oidc.session?.accountId ?? '',
    })
    grant.addOIDCScope('openid offline_access items:read')
    await grant.save()
    return grant
  },
})
