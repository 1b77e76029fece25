import { AppError } from '../base/errors.ts'
import { whenThere, type Soon } from '../base/soon.ts'
import type { GatewayInstance, InstanceClaim } from './authenticate.ts'

type Find = (claim: InstanceClaim) => Soon<GatewayInstance | undefined>

/** An access token that ends sooner is renewed before it is used. */
const MARGIN_MS = 10_000

/**
 * Finds instances whose access token is good for the request that asks. Where it is not, the request waits for the renewal,
 * and reads again: a grant that has ended has marked its instance by then.
 *
 * @param renew @throws AppError `oauth_unavailable`
 */
export const withFreshTokens = (
  find: Find,
  renew: ((handle: string) => Promise<void>) | undefined,
): Find => {
  if (!renew) return find
  return (claim) =>
    whenThere(find(claim), (instance) => {
      const endsAt = instance?.accessExpiresAt?.getTime()
      if (!instance?.isActive || endsAt === undefined || endsAt > Date.now() + MARGIN_MS)
        return instance
      return renew(instance.handle)
        .catch((error: unknown) => {
          const isGoodYet = error instanceof AppError && endsAt > Date.now()
          if (!isGoodYet) throw error
        })
        .then(() => find(claim))
    })
}
