import type { Log } from '../../base/log.ts'
import type { RecordEvent } from '../../model/event.ts'
import { RENEWAL, type Credentials } from '../../model/host-credentials.ts'
import type { Service } from '../../model/service.ts'
import type { Outcome } from '../../model/verification.ts'
import { claimDueChecks, recordCheck } from '../../store/checks.ts'
import type { Database } from '../../store/database.ts'
import { findInstanceOf } from '../../store/instances.ts'
import { expireGrant } from '../../store/oauth-grants.ts'
import type { Vault } from '../../vault/vault.ts'
import { createRechecks, type RecheckNeeds, type Rechecks } from '../../verification/rechecks.ts'
import { createVerifier, verifyLater, type Verify } from '../../verification/verifier.ts'

/** What accounts need: whether a key works, asked of its API. */
export type KeyChecks = { verify: Verify; recheck: Rechecks['check'] }

type Parts = {
  database: Database
  vault: Vault
  services: () => readonly Service[]
  portOf: (service: string) => number | undefined
  hostKey: Buffer
  onInstanceChange: (handle: string) => void
  recordEvent: RecordEvent
  /** Renews the access token of a sign-in. */
  renewToken?: (handle: string) => Promise<void>
  log: Log
}

/** Joins verification to store, vault and the running fleet. */
export const createKeyChecks = (parts: Parts): KeyChecks & { rechecks: Rechecks } => {
  const { database, vault, services, onInstanceChange, recordEvent, log } = parts
  const verify = createVerifier({ ...parts, log: log.child('verification') })
  const rechecks = createRechecks({
    verify,
    serviceNamed: (name) => services().find((service) => service.name === name),
    openCredentials: (instance) => openStored(vault, instance),
    ...(parts.renewToken && renewalFor(database, parts.renewToken)),
    claimDue: (limit) => claimDueChecks(database, limit),
    record: (instance, state) => recordCheck(database, instance, state),
    onInstanceChange,
    recordEvent,
    now: () => new Date(),
    log: log.child('verification'),
  })
  return { verify, recheck: rechecks.check, rechecks }
}

type Renewed = Pick<RecheckNeeds, 'freshen' | 'renewRefused'>

/** An access token of a sign-in is renewed before it is judged, and again when it is refused before its time. */
const renewalFor = (
  database: Database,
  renewToken: (handle: string) => Promise<void>,
): Required<Renewed> => {
  const renewed = async ({ handle, userId, service }: Handled) => {
    await renewToken(handle)
    return findInstanceOf(database, { userId, service })
  }
  return {
    freshen: (instance) =>
      isEnding(instance.accessExpiresAt) ? renewed(instance) : Promise.resolve(instance),
    renewRefused: async (instance) =>
      (await expireGrant(database, instance)) ? renewed(instance) : undefined,
  }
}

type Handled = { handle: string; userId: string; service: string }
const MARGIN_MS = 10_000

const isEnding = (accessExpiresAt: Date | null | undefined): boolean =>
  accessExpiresAt instanceof Date && accessExpiresAt.getTime() <= Date.now() + MARGIN_MS

/** Of a command without a running fleet: the daemon makes up for it by schedule. */
export const checksLater = (services: () => readonly Service[]): KeyChecks => ({
  verify: verifyLater,
  recheck: async (instance) => {
    const service = services().find(({ name }) => name === instance.service)
    const result = service ? await verifyLater(service, {}) : { outcome: 'unreachable' as const }
    return { result, state: instance }
  },
})

type Sealed = { handle: string; userId: string; service: string; sealedCredentials: string }

const openStored = (vault: Vault, instance: Sealed): Credentials =>
  JSON.parse(
    vault.open({ ...instance, column: 'encrypted_api_key' }, instance.sealedCredentials),
  ) as Credentials

type RenewalWays = {
  vault: Vault
  baseUrl: string
  /** Whether users may sign in to a service. */
  canSignIn?: (service: string) => boolean
}

/** What goes to the host with a request: the credentials, or how to renew the ones that no longer work. */
export const credentialsForHost = (
  { vault, baseUrl, canSignIn }: RenewalWays,
  instance: Sealed & { verification: Outcome },
): Credentials => {
  if (instance.verification !== 'invalid') return openStored(vault, instance)
  const { service } = instance
  const bySigningIn = canSignIn?.(service)
  const signIn = bySigningIn
    ? `signs in again at POST ${baseUrl}/api/v1/services/${service}/oauth/start, or `
    : ''
  return {
    [RENEWAL]:
      `The key for ${service} no longer works: its API refuses it. Its owner ${signIn}enters a new one at ` +
      `POST ${baseUrl}/api/v1/services/${service}/authenticate (or the operator, with berth instance create${bySigningIn ? ' --oauth' : ''}); ` +
      'this URL stays the same.',
  }
}
