import { openFromGateway, type Credentials } from '../../model/host-credentials.ts'
import type { Service } from '../../model/service.ts'

/** The gateway uses a sealed header again for 15 s; opened, one is forgotten after 15 to 30. */
const KEEP_MS = 15_000
const MAX_KEPT = 1_000

type Opened = { service: string; port: number; expiresAt: number; credentials: Credentials }

/**
 * Opens what the gateway sealed. The same header comes with every call of a busy user, so what it held is kept for seconds,
 * in this process alone, and never beyond its expiry.
 */
export const createOpener = (hostKey: Buffer, now: () => number = Date.now) => {
  let recent = new Map<string, Opened>()
  let older = new Map<string, Opened>()
  let timer: NodeJS.Timeout | undefined
  const turn = () => {
    older = recent
    recent = new Map()
    timer = undefined
    if (older.size > 0) forgetLater()
  }
  const forgetLater = () => {
    timer ??= setTimeout(turn, KEEP_MS).unref()
  }

  /** @returns undefined when the value is expired, changed, or meant for another service or port */
  return ({ name, port }: Service, sealed: string): Credentials | undefined => {
    const known = recent.get(sealed) ?? older.get(sealed)
    if (known?.service === name && known.port === port && known.expiresAt >= now())
      return known.credentials
    const credentials = openFromGateway(hostKey, { service: name, port }, sealed)
    if (!credentials) return undefined
    if (recent.size >= MAX_KEPT) recent.clear()
    const expiresAt = Number(sealed.slice(0, sealed.indexOf('.')))
    recent.set(sealed, { service: name, port, expiresAt, credentials })
    forgetLater()
    return credentials
  }
}
