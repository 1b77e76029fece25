import { setTimeout as delay } from 'node:timers/promises'
import { AppError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Credentials } from '../model/host-credentials.ts'
import {
  offersSignIn, ownClient, timesOf, tokenField, type Grant, type OAuthClient, type TokenTimes, type Tokens,
} from '../model/oauth.ts' // prettier-ignore
import type { Service } from '../model/service.ts'
import type { Granted, Grants } from './grants.ts'

/** An instance whose renewal this process has the lease on. */
export type LeasedGrant = {
  handle: string
  userId: string
  service: string
  sealedCredentials: string
  sealedOauth: string | null
  tries: number
}
type Leased = { handle: string; lease: string }
type Resealed = { sealedCredentials: string; sealedOauth: string }

/** What a renewal needs of store and vault. */
export type RenewOneNeeds = {
  serviceNamed: (name: string) => Service | undefined
  /** @throws AppError `credentials_unreadable` */
  open: (row: LeasedGrant) => { credentials: Credentials; grant: Grant | undefined }
  seal: (row: LeasedGrant, credentials: Credentials, grant: Grant) => Resealed
  operatorClient: (service: string) => Promise<OAuthClient | undefined>
  refresh: Grants['refresh']
  /** @returns whether the lease was still this process's */
  recordRenewal: (change: Leased & Resealed & TokenTimes) => Promise<boolean>
  recordFailure: (change: Leased & { refreshAt: Date }) => Promise<void>
  recordEnd: (change: Leased) => Promise<boolean>
  /** Gateways must not go on with what they remember. */
  onChange: (handle: string) => void
  /** The user must sign in again. */
  onEnd: (row: LeasedGrant, reason: string) => Promise<void>
  now: () => Date
  log: Log
}

const BACKOFF_SECONDS = [5, 30, 120, 600, 1_800]
const LAST_BACKOFF_SECONDS = 3_600

/** Makes the one renewal that the lease stands for, and writes down what came of it. */
export const renewOne = async (
  needs: RenewOneNeeds,
  row: LeasedGrant,
  lease: string,
): Promise<void> => {
  const { handle } = row
  const asked = await askAgain(needs, row).catch((error: unknown) => ({
    granted: { kind: 'unavailable' as const, reason: messageOf(error) },
    save: undefined,
  }))
  const { granted, save } = asked
  if (granted.kind === 'tokens' && save) {
    const change = {
      handle,
      lease,
      ...save(granted.tokens),
      ...timesOf(granted.tokens, needs.now()),
    }
    if (await persist(needs, () => needs.recordRenewal(change))) needs.onChange(handle)
    return
  }
  if (granted.kind === 'ended') {
    if (!(await needs.recordEnd({ handle, lease }))) return
    needs.onChange(handle)
    await needs.onEnd(row, granted.reason)
    return
  }
  const seconds = BACKOFF_SECONDS[row.tries] ?? LAST_BACKOFF_SECONDS
  const refreshAt = new Date(needs.now().getTime() + seconds * 1_000)
  const reason = granted.kind === 'tokens' ? undefined : granted.reason
  needs.log.warn('an access token was not renewed', {
    handle,
    service: row.service,
    reason,
    seconds,
  })
  await needs.recordFailure({ handle, lease, refreshAt })
}

type Asked = { granted: Granted; save?: (tokens: Tokens) => Resealed }

const askAgain = async (needs: RenewOneNeeds, row: LeasedGrant): Promise<Asked> => {
  const service = needs.serviceNamed(row.service)
  const field = service && tokenField(service)
  if (!service || !offersSignIn(service) || field === undefined)
    return later(`${row.service} offers no sign-in any more`)
  const { credentials, grant } = needs.open(row)
  if (grant?.refreshToken === undefined)
    return { granted: { kind: 'ended', reason: 'the token expired, and the provider gave none to renew it by' } } // prettier-ignore
  const client = grant.client === 'own' ? ownClient(service, credentials) : await needs.operatorClient(row.service) // prettier-ignore
  if (!client) return later('no client is registered for it any more')
  const { refreshToken } = grant
  const granted = await needs.refresh({ service, fields: credentials, client }, refreshToken)
  const save = (tokens: Tokens) =>
    needs.seal(row, { ...credentials, [field]: tokens.accessToken }, {
      ...grant,
      // A provider that does not rotate it says nothing of it (RFC 6749 §6).
      refreshToken: tokens.refreshToken ?? refreshToken,
    }) // prettier-ignore
  return { granted, save }
}

const later = (reason: string): Asked => ({ granted: { kind: 'unavailable', reason } })

const PERSIST_PAUSES_MS = [100, 300, 1_000, 3_000, 5_000]

/**
 * A rotated refresh token exists nowhere else yet, so a database that is away for a moment is waited for. A process that is
 * killed right here loses it: that window cannot be closed, and the user signs in again.
 */
const persist = async ({ log }: RenewOneNeeds, write: () => Promise<boolean>): Promise<boolean> => {
  for (const pauseMs of PERSIST_PAUSES_MS)
    try {
      return await write()
    } catch (error) {
      if (error instanceof AppError && error.code !== 'database_unavailable') throw error
      log.warn('renewed tokens are not written yet', { reason: messageOf(error) })
      await delay(pauseMs)
    }
  return write()
}
