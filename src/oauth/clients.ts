import { AppError } from '../base/errors.ts'
import { offersSignIn } from '../model/oauth.ts'
import type { Service } from '../model/service.ts'

type Stored = { service: string; clientId: string; sealedSecret: string | null; updatedAt: Date }

/** The operator's client as it is shown: never its secret. */
type ClientView = {
  service: string
  clientId: string
  hasSecret: boolean
  updatedAt: string
}

type ClientNeeds = {
  /** Where providers send browsers back to. */
  redirectUri: string
  /** @throws AppError `service_unknown` */
  serviceNamed: (name: string) => Service
  seal: (service: string, secret: string) => string
  list: () => Promise<Stored[]>
  put: (client: Omit<Stored, 'updatedAt'>) => Promise<void>
  remove: (service: string) => Promise<boolean>
}

type NewClient = { service: string; clientId: string; clientSecret?: string | undefined }

/** The operator's registrations with the providers of services; users sign in through them. */
export type OAuthClients = {
  /** With the address that is to be registered with each provider. */
  list: () => Promise<{ clients: ClientView[]; redirectUri: string }>
  /** @throws AppError `service_unknown`, `oauth_not_offered` */
  set: (client: NewClient) => Promise<void>
  /** @throws AppError `not_found` */
  remove: (service: string) => Promise<void>
}

/** Whatever else is asked for is in no table. */
const NAME = /^[a-z][a-z0-9-]*$/

export const createOAuthClients = (needs: ClientNeeds): OAuthClients => ({
  list: async () => ({
    clients: (await needs.list()).map(({ service, clientId, sealedSecret, updatedAt }) => ({
      service,
      clientId,
      hasSecret: sealedSecret !== null,
      updatedAt: updatedAt.toISOString(),
    })),
    redirectUri: needs.redirectUri,
  }),
  set: async ({ service: name, clientId, clientSecret }) => {
    const service = needs.serviceNamed(name)
    if (!offersSignIn(service))
      throw new AppError('oauth_not_offered', `The config of ${name} names no address to sign in at (auth.oauth).`) // prettier-ignore
    const sealedSecret = clientSecret === undefined ? null : needs.seal(name, clientSecret)
    await needs.put({ service: name, clientId, sealedSecret })
  },
  remove: async (service) => {
    if (NAME.test(service) && (await needs.remove(service))) return
    throw new AppError('not_found', `There is no client for ${service.slice(0, 100)}.`)
  },
})
