import { AppError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { MAX_HEADER_BYTES, sealForHost, type Credentials } from '../model/host-credentials.ts'
import type { Service } from '../model/service.ts'
import type { Verification } from '../model/verification.ts'
import { askHost } from './ask-host.ts'

type VerifierNeeds = {
  /** The static port of a service that runs here. */
  portOf: (service: string) => number | undefined
  hostKey: Buffer
  log: Log
}

/** Below the deadline of the command line's own calls. */
const DEADLINE_MS = 10_000
/** Checks under way at once; beyond it a key is stored and checked later. */
const MAX_UNDER_WAY = 64

export type Verify = (service: Service, credentials: Credentials) => Promise<Verification>

/**
 * Finds out whether a key works: the service's host makes the call that the recipe names.
 * @throws from each call: AppError `credentials_invalid` when they are too large to reach a host
 */
export const createVerifier = ({ portOf, hostKey, log }: VerifierNeeds): Verify => {
  let underWay = 0
  return async (service, credentials) => {
    if (!service.auth.verify) return { outcome: 'unverifiable' }
    const port = portOf(service.name)
    if (port === undefined || underWay >= MAX_UNDER_WAY) return { outcome: 'unreachable' }
    const sealed = sealForHost(hostKey, { service: service.name, port }, credentials)
    if (sealed.length > MAX_HEADER_BYTES)
      throw new AppError(
        'credentials_invalid',
        `The credentials of ${service.name} are too large to be used.`,
      )
    underWay += 1
    try {
      return await askHost(port, sealed, DEADLINE_MS)
    } catch (error) {
      log.warn('could not verify a key', { service: service.name, reason: messageOf(error) })
      return { outcome: 'unreachable' }
    } finally {
      underWay -= 1
    }
  }
}

/** Without a running fleet nobody can be asked; the daemon will, by schedule. */
export const verifyLater: Verify = ({ auth }) =>
  Promise.resolve({ outcome: auth.verify ? 'unreachable' : 'unverifiable' })
