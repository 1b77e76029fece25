import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { whenThere, type Soon } from '../base/soon.ts'
import { hashSecret, type InstanceRoute } from '../model/instance.ts'
import type { Outcome } from '../model/verification.ts'
import type { Asked } from './call.ts'
import type { HeadNotes } from './head-notes.ts'
import { bearerOf } from './headers.ts'

/** What the gateway knows of an instance. */
export type GatewayInstance = {
  handle: string
  userId: string
  service: string
  secretHash: Buffer
  sealedCredentials: string
  isActive: boolean
  verification: Outcome
  /** When the access token of a sign-in ends. */
  accessExpiresAt?: Date | null
}

/** What a request says of itself: that it holds the secret of an instance of this service, or that it is its owner's. */
export type InstanceClaim =
  { handle: string; service: string; secretHash: Buffer } | { handle: string; userId: string }

export type AuthenticateNeeds = {
  /** The instance, when all that is claimed is true and, by its secret, it is active. */
  findInstance: (claim: InstanceClaim) => Soon<GatewayInstance | undefined>
  /** The user behind a bearer token; undefined when it is none of ours. */
  identifyUser: (bearer: string) => Promise<string | undefined>
}

/**
 * Decides whether a request may use the instance that its URL names. With a secret in the URL the secret alone decides.
 * Without one, a bearer token opens its owner's instances.
 *
 * @throws AppError `not_found`, the same for everything that is wrong; `forbidden` for a valid token at any handle that
 * is not its owner's, whether it exists or not; `database_unavailable`
 */
export const authenticateInstance = (
  needs: AuthenticateNeeds,
  route: InstanceRoute,
  request: Pick<Asked, 'headers' | 'notes'>,
): Soon<GatewayInstance> => {
  const bearer = route.secret === undefined ? bearerOf(request.headers) : undefined
  return bearer === undefined
    ? authenticateSecret(needs, route, request.notes)
    : authenticateOwner(needs, route, bearer)
}

/** No secret and no token at all is one more wrong secret, and costs the same. */
const authenticateSecret = (
  { findInstance }: AuthenticateNeeds,
  { handle, service, secret = '' }: InstanceRoute,
  notes: HeadNotes,
): Soon<GatewayInstance> => {
  const secretHash = (notes.secretHash ??= hashSecret(secret))
  return whenThere(findInstance({ handle, service, secretHash }), (instance) => {
    if (instance && timingSafeEqual(secretHash, instance.secretHash)) return instance
    throw notFound()
  })
}

const authenticateOwner = async (
  { findInstance, identifyUser }: AuthenticateNeeds,
  { handle, service }: InstanceRoute,
  bearer: string,
): Promise<GatewayInstance> => {
  const userId = await identifyUser(bearer)
  if (userId === undefined) throw notFound()
  const instance = await findInstance({ handle, userId })
  if (!instance) throw new AppError('forbidden', 'This token does not open this instance.')
  if (instance.isActive && instance.service === service) return instance
  throw notFound()
}

const MAX_SECRET = 64

/** What looks like an instance URL and is none is one more wrong URL, and costs the same. */
export const malformedRoute = (url: string): InstanceRoute => ({
  handle: 'malformed',
  secret: url.slice(0, MAX_SECRET),
  service: '',
  rest: '/',
})

/** The one answer to everything that is wrong with an instance URL. */
const notFound = (): AppError =>
  new AppError(
    'not_found',
    'There is nothing at this URL. If it worked before, get its present form from your list of services.',
  )
