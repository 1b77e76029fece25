import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hashSecret } from '../../model/instance.ts'

/**
 * What this process tells itself when an old URL has proved whose it is: a bearer token that nobody else can make, for the
 * request to the instance's own URL. It never leaves the process, since no Authorization goes to a host.
 */
export const createGrants = () => {
  const secret = randomBytes(32).toString('base64url')
  const hash = hashSecret(secret)
  return {
    headerFor: (userId: string): string => `Bearer ${secret}.${userId}`,
    /** @returns undefined for everybody else's token */
    userOf: (bearer: string): string | undefined => {
      const [given = '', userId] = bearer.split('.')
      return timingSafeEqual(hashSecret(given), hash) ? userId : undefined
    },
  }
}

export type Grants = ReturnType<typeof createGrants>
