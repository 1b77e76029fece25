import { timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/errors.ts'
import { hashSecret, type InstanceRoute } from '../model/instance.ts'

/** What the gateway knows of an instance. */
export type GatewayInstance = {
  handle: string
  userId: string
  service: string
  secretHash: Buffer
  sealedCredentials: string
  isActive: boolean
}

export type AuthenticateNeeds = {
  findInstance: (handle: string) => Promise<GatewayInstance | undefined>
  /** The user behind a bearer token; undefined when it is none of ours. */
  identifyUser: (bearer: string) => Promise<string | undefined>
}

/** Compared against when there is no such instance, so that both ways cost the same. */
const NOBODY = hashSecret('nobody')

/**
 * Decides whether a request may use the instance that its URL names. With a secret in the URL the secret alone decides.
 * Without one, a bearer token opens its owner's instances.
 *
 * @throws AppError `not_found`, the same for everything that is wrong; `forbidden` for a valid token at any handle that
 * is not its owner's, whether it exists or not
 */
export const authenticateInstance = (
  needs: AuthenticateNeeds,
  route: InstanceRoute,
  bearer: string | undefined,
): Promise<GatewayInstance> =>
  route.secret === undefined
    ? authenticateOwner(needs, route, bearer)
    : authenticateSecret(needs, route, route.secret)

const authenticateSecret = async (
  { findInstance }: AuthenticateNeeds,
  route: InstanceRoute,
  secret: string,
): Promise<GatewayInstance> => {
  const instance = await findInstance(route.handle)
  const matches = timingSafeEqual(hashSecret(secret), instance?.secretHash ?? NOBODY)
  if (instance && matches && isUsable(instance, route)) return instance
  throw notFound()
}

const authenticateOwner = async (
  { findInstance, identifyUser }: AuthenticateNeeds,
  route: InstanceRoute,
  bearer: string | undefined,
): Promise<GatewayInstance> => {
  const userId = bearer === undefined ? undefined : await identifyUser(bearer)
  if (userId === undefined) throw notFound()
  const instance = await findInstance(route.handle)
  if (instance?.userId !== userId)
    throw new AppError('forbidden', 'This token does not open this instance.')
  if (!isUsable(instance, route)) throw notFound()
  return instance
}

const isUsable = (instance: GatewayInstance, route: InstanceRoute): boolean =>
  instance.isActive && instance.service === route.service

/** The one answer to everything that is wrong with an instance URL. */
export const notFound = (): AppError =>
  new AppError(
    'not_found',
    'There is nothing at this URL. If it worked before, get its present form from your list of services.',
  )
