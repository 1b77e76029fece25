import { LRUCache } from 'lru-cache'
import { AppError } from '../../base/errors.ts'
import type { RecordAudit } from '../../model/audit.ts'
import type { Place, Vault } from '../../vault/vault.ts'

const MAX_PLACES = 10_000
/** Whoever asks again and again shall not fill the log. */
const PAUSE_MS = 10 * 60_000

/** A vault that notes in the audit log which row did not open, once in a while for each. */
export const auditReads = <V extends Vault>(vault: V, recordAudit: RecordAudit): V => {
  const noted = new LRUCache<string, true>({ max: MAX_PLACES, ttl: PAUSE_MS })
  const note = (place: Place, error: unknown): void => {
    const key = JSON.stringify(place)
    if (!(error instanceof AppError) || noted.has(key)) return
    noted.set(key, true)
    const { column, userId, service, handle } = place
    const details = { column, userId, service, code: error.code }
    recordAudit({ actor: 'system', action: 'credentials.unreadable', target: handle, from: 'local', details })
      .catch(() => noted.delete(key)) // prettier-ignore
  }
  const watched =
    (read: (place: Place, sealed: string) => string) => (place: Place, sealed: string) => {
      try {
        return read(place, sealed)
      } catch (error) {
        note(place, error)
        throw error
      }
    }
  return { ...vault, open: watched(vault.open), reseal: watched(vault.reseal) }
}
