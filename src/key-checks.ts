import type { Log } from './base/log.ts'
import type { RecordEvent } from './model/event.ts'
import { RENEWAL, type Credentials } from './model/host-credentials.ts'
import type { Service } from './model/service.ts'
import type { Outcome } from './model/verification.ts'
import { claimDueChecks, recordCheck } from './store/checks.ts'
import type { Database } from './store/database.ts'
import type { Vault } from './vault/vault.ts'
import { createRechecks, type Rechecks } from './verification/rechecks.ts'
import { createVerifier, verifyLater, type Verify } from './verification/verifier.ts'

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
    claimDue: (limit) => claimDueChecks(database, limit),
    record: (instance, state) => recordCheck(database, instance, state),
    onInstanceChange,
    recordEvent,
    now: () => new Date(),
    log: log.child('verification'),
  })
  return { verify, recheck: rechecks.check, rechecks }
}

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

/** What goes to the host with a request: the credentials, or how to renew the ones that no longer work. */
export const credentialsForHost = (
  vault: Vault,
  baseUrl: string,
  instance: Sealed & { verification: Outcome },
): Credentials => {
  if (instance.verification !== 'invalid') return openStored(vault, instance)
  const { service } = instance
  return {
    [RENEWAL]:
      `The key for ${service} no longer works: its API refuses it. Its owner enters a new one at ` +
      `POST ${baseUrl}/api/v1/services/${service}/authenticate (or the operator, with berth instance create); ` +
      'this URL stays the same.',
  }
}
