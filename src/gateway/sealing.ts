import { LRUCache } from 'lru-cache'
import { AppError } from '../base/errors.ts'
import { MAX_HEADER_BYTES, sealForHost, type Credentials } from '../model/host-credentials.ts'
import type { GatewayInstance } from './authenticate.ts'

type SealingNeeds = {
  hostKey: Buffer
  credentialsOf: (instance: GatewayInstance) => Credentials
}

type Sealed = {
  /** The record that was opened for it: a replaced key is sealed anew. */
  of: string
  /** Of a refused key its host gets how to renew it, and not the key. */
  verification: GatewayInstance['verification']
  service: string
  port: number
  value: string
  /** ms as of `Date.now`. */
  until: number
}

/** A sealed header is used again for half of its 30 s: it is opened by the host as soon as it arrives. */
const REUSE_MS = 15_000
/** Of all remembered headers together. */
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Seals an instance's credentials for the host of its service. Nothing is given away by sending the same sealed value
 * again: it opens for this service, on this port, for 30 s from when it was made, and holds this instance's credentials
 * alone.
 */
export const createSealing = ({ hostKey, credentialsOf }: SealingNeeds) => {
  const remembered = new LRUCache<string, Sealed>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ of, value }) => of.length + value.length,
  })
  return (instance: GatewayInstance, port: number): string => {
    const { handle, service, sealedCredentials, verification } = instance
    const known = remembered.get(handle)
    const isSame = known?.of === sealedCredentials && known.verification === verification
    if (isSame && known.port === port && known.service === service && known.until > Date.now())
      return known.value
    const value = sealForHost(hostKey, { service, port }, credentialsOf(instance))
    if (value.length > MAX_HEADER_BYTES)
      throw new AppError(
        'credentials_invalid',
        `The credentials of ${service} are too large to be used.`,
      )
    const until = Date.now() + REUSE_MS
    remembered.set(handle, { of: sealedCredentials, verification, service, port, value, until })
    return value
  }
}
