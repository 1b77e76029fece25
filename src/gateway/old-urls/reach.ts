import { canConnect } from '../http1/connection.ts'

/** What was found out counts so long. */
const VALID_MS = 250

type Found = { at: number; isUp: Promise<boolean> }

/** Whether somebody listens for a service: where nobody does, the old server can still serve. */
export const createReach = (portOf: (service: string) => number | undefined) => {
  // At most one entry per service of the registry.
  const known = new Map<string, Found>()
  return (service: string): Promise<boolean> => {
    const port = portOf(service)
    if (port === undefined) return Promise.resolve(false)
    const before = known.get(service)
    const now = performance.now()
    if (before && now - before.at < VALID_MS) return before.isUp
    const isUp = canConnect(port)
    known.set(service, { at: now, isUp })
    return isUp
  }
}
