import { timingSafeEqual } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Credentials } from '../model/host-credentials.ts'
import { hashSecret } from '../model/instance.ts'
import type { GatewayInstance, InstanceClaim } from './authenticate.ts'
import { createLookupCache } from './lookup-cache.ts'

const MAX_INSTANCES = 50_000
/** Opened credentials live short and are fewer. */
const MAX_OPENED = 10_000
const OPENED_TTL_MS = 30_000

type Needs = {
  findInstance: (claim: InstanceClaim) => Promise<GatewayInstance | undefined>
  openCredentials: (instance: GatewayInstance) => Credentials
  now?: () => number
}

/** Compared against when there is no such instance, so that both ways cost the same. */
const NOBODY = hashSecret('nobody')

/**
 * Whether a known instance is what a claim says. Only what is right is answered from memory: everything wrong about a claim
 * takes the same way, whether the instance exists or not.
 */
const isClaimed = (claim: InstanceClaim, known: GatewayInstance | undefined): boolean => {
  if ('userId' in claim) return known?.userId === claim.userId
  const matches = timingSafeEqual(claim.secretHash, known?.secretHash ?? NOBODY)
  return known !== undefined && matches && known.service === claim.service && known.isActive
}

/** No service has a longer name; the rest of a nonsensical one is not worth remembering. */
const MAX_NAME = 64

const detailOf = (claim: InstanceClaim): string =>
  'userId' in claim
    ? `${claim.handle} ${claim.userId}`
    : `${claim.handle} ${claim.service.slice(0, MAX_NAME)} ${claim.secretHash.toString('latin1')}`

/** Remembers instances and their opened credentials. */
export const createInstanceCache = ({ findInstance, openCredentials, now }: Needs) => {
  const instances = createLookupCache<InstanceClaim, GatewayInstance>({
    find: findInstance,
    keyOf: ({ handle }) => handle,
    detailOf,
    answers: isClaimed,
    max: MAX_INSTANCES,
    ...(now && { now }),
  })
  const opened = new LRUCache<string, { of: string; credentials: Credentials }>({
    max: MAX_OPENED,
    ttl: OPENED_TTL_MS,
    ttlAutopurge: true, // also what nobody asks for again leaves the memory
  })
  return {
    findInstance: instances.find,
    credentialsOf: (instance: GatewayInstance): Credentials => {
      const known = opened.get(instance.handle)
      if (known?.of === instance.sealedCredentials) return known.credentials
      const credentials = openCredentials(instance)
      opened.set(instance.handle, { of: instance.sealedCredentials, credentials })
      return credentials
    },
    forget: (handle: string): void => {
      instances.forget(handle)
      opened.delete(handle)
    },
    forgetAbsent: instances.forgetAbsent,
    flush: (): void => {
      instances.flush()
      opened.clear()
    },
  }
}
