import { LRUCache } from 'lru-cache'
import type { Credentials } from '../model/host-credentials.ts'
import type { GatewayInstance } from './authenticate.ts'

const MAX_INSTANCES = 50_000
const INSTANCE_TTL_MS = 60_000
/** Opened credentials live shorter and are fewer. */
const MAX_OPENED = 10_000
const OPENED_TTL_MS = 30_000

type Needs = {
  findInstance: (handle: string) => Promise<GatewayInstance | undefined>
  openCredentials: (instance: GatewayInstance) => Credentials
}

/** Remembers instances and their opened credentials, both with a bound and a short life. */
export const createInstanceCache = (needs: Needs) => {
  const instances = new LRUCache<string, GatewayInstance>({ max: MAX_INSTANCES, ttl: INSTANCE_TTL_MS }) // prettier-ignore
  const opened = new LRUCache<string, { of: string; credentials: Credentials }>({ max: MAX_OPENED, ttl: OPENED_TTL_MS }) // prettier-ignore
  // Counts what was forgotten: an answer that was under way meanwhile may be from before the change.
  let changes = 0
  return {
    findInstance: async (handle: string): Promise<GatewayInstance | undefined> => {
      const known = instances.get(handle)
      if (known) return known
      const asOf = changes
      const found = await needs.findInstance(handle)
      if (found && asOf === changes) instances.set(handle, found)
      return found
    },
    credentialsOf: (instance: GatewayInstance): Credentials => {
      const known = opened.get(instance.handle)
      if (known?.of === instance.sealedCredentials) return known.credentials
      const credentials = needs.openCredentials(instance)
      opened.set(instance.handle, { of: instance.sealedCredentials, credentials })
      return credentials
    },
    forget: (handle: string): void => {
      changes += 1
      instances.delete(handle)
      opened.delete(handle)
    },
  }
}
