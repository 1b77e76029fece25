import type { Config } from '../../base/config.ts'
import type { Log } from '../../base/log.ts'
import type { RecordAudit } from '../../model/audit.ts'
import type { RecordEvent } from '../../model/event.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import type { Grant, OAuthClient, TokenTimes } from '../../model/oauth.ts'
import type { Service } from '../../model/service.ts'
import { serviceUnknown } from '../../model/service-unknown.ts'
import { createOAuthClients, type OAuthClients } from '../../oauth/clients.ts'
import { createGrants } from '../../oauth/grants.ts'
import { createRenewals, type Renewals } from '../../oauth/renewals.ts'
import { createSignIns, type SignIns } from '../../oauth/sign-in.ts'
import { createWayOut } from '../../oauth/way-out.ts'
import type { Database } from '../../store/database.ts'
import { deleteOAuthClient, findOAuthClient, listOAuthClients, putOAuthClient } from '../../store/oauth-clients.ts' // prettier-ignore
import {
  claimGrant, listDueGrants, readGrantState, recordEndedGrant, recordFailedRenewal, recordRenewal, type StoredGrant,
} from '../../store/oauth-grants.ts' // prettier-ignore
import { findLoginOf, insertLogin, pruneLogins, setLoginOutcome, takeLogin } from '../../store/oauth-logins.ts' // prettier-ignore
import type { Place, Vault } from '../../vault/vault.ts'

/** Where the operator's clients are sealed to: they are nobody's in particular. */
const clientPlace = (service: string): Place => ({
  handle: 'oauth_client',
  userId: '',
  service,
  column: 'sealed_client_secret',
})

const loginPlace = (row: { stateHash: Buffer; userId: string; service: string }): Place => ({
  handle: row.stateHash.toString('hex'),
  userId: row.userId,
  service: row.service,
  column: 'sealed_login',
})

/** Where providers send browsers back to; the operator registers it with each of them. */
const redirectUriOf = ({ baseUrl }: Pick<Config, 'baseUrl'>): string => `${baseUrl}/oauth/callback`

type Parts = {
  config: Config
  database: Database
  vault: Vault
  services: () => readonly Service[]
}
type RenewalParts = Parts & {
  recordAudit: RecordAudit
  recordEvent?: RecordEvent
  onInstanceChange: (handle: string) => void
  log: Log
}

const operatorClientOf =
  ({ database, vault }: Parts) =>
  async (service: string): Promise<OAuthClient | undefined> => {
    const found = await findOAuthClient(database, service)
    if (!found) return undefined
    const secret = found.sealedSecret === null ? undefined : vault.open(clientPlace(service), found.sealedSecret) // prettier-ignore
    return { id: found.clientId, secret }
  }

const wayOutOf = ({ sandboxUrl, allowPrivate, passed }: Config) => {
  const eitherCase = (name: string) => passed[name.toLowerCase()] ?? passed[name] ?? ''
  const proxy = { https: eitherCase('HTTPS_PROXY'), none: eitherCase('NO_PROXY') }
  return createWayOut({ sandboxUrl, allowPrivate, proxy })
}

const grantsOf = ({ config, log }: { config: Config; log: Log }) => {
  const wayOut = wayOutOf(config)
  return { wayOut, grants: createGrants({ wayOut, redirectUri: redirectUriOf(config), log }) }
}

/** Joins the renewal of access tokens to store and vault; every process with a gateway has it. */
export const composeRenewals = (parts: RenewalParts): Renewals => {
  const { database, vault, services, recordAudit, recordEvent, onInstanceChange, log } = parts
  const { grants } = grantsOf(parts)
  return createRenewals({
    claim: (claim) => claimGrant(database, claim),
    stateOf: (wanted) => readGrantState(database, wanted),
    listDue: (limit) => listDueGrants(database, limit),
    prune: () => pruneLogins(database),
    serviceNamed: (name) => services().find((service) => service.name === name),
    open: (row) => openGrant(vault, row),
    seal: (row, credentials, grant) => ({
      sealedCredentials: vault.seal({ ...row, column: 'encrypted_api_key' }, JSON.stringify(credentials)), // prettier-ignore
      sealedOauth: vault.seal({ ...row, column: 'sealed_oauth' }, JSON.stringify(grant)),
    }),
    operatorClient: operatorClientOf(parts),
    refresh: grants.refresh,
    recordRenewal: (change) => recordRenewal(database, change),
    recordFailure: (change) => recordFailedRenewal(database, change),
    recordEnd: (change) => recordEndedGrant(database, change),
    onChange: onInstanceChange,
    onEnd: async ({ handle, userId, service }, reason) => {
      const message = `The provider of ${service} no longer renews the access of ${handle}.`
      recordEvent?.({ type: 'oauth.revoked', service, instanceId: handle, userId, message })
      const details = { userId, service, reason }
      await recordAudit({ actor: 'system', action: 'oauth.revoked', target: handle, from: 'local', details }) // prettier-ignore
    },
    now: () => new Date(),
    log,
  })
}

const openGrant = (vault: Vault, row: Omit<StoredGrant, 'accessExpiresAt'>) => ({
  credentials: JSON.parse(
    vault.open({ ...row, column: 'encrypted_api_key' }, row.sealedCredentials),
  ) as Credentials,
  grant:
    row.sealedOauth === null
      ? undefined
      : (JSON.parse(vault.open({ ...row, column: 'sealed_oauth' }, row.sealedOauth)) as Grant),
})

type Owner = { userId: string; service: string }

const serviceNamedIn = (services: () => readonly Service[]) => (name: string) => {
  const service = services().find((candidate) => candidate.name === name)
  if (service) return service
  throw serviceUnknown([name], services().map((known) => known.name)) // prettier-ignore
}

/** Joins the operator's clients to store and vault; shared by daemon and commands. */
export const composeOAuthClients = ({ config, database, vault, services }: Parts): OAuthClients =>
  createOAuthClients({
    redirectUri: redirectUriOf(config),
    serviceNamed: serviceNamedIn(services),
    seal: (service, secret) => vault.seal(clientPlace(service), secret),
    list: () => listOAuthClients(database),
    put: (client) => putOAuthClient(database, client),
    remove: (service) => deleteOAuthClient(database, service),
  })

/** Joins signing in to store, vault and the accounts. */
export const composeSignIns = (
  parts: Parts & {
    store: (
      owner: Owner,
      credentials: Credentials,
      grant: Grant & TokenTimes,
    ) => Promise<{ instanceId: string }>
    log: Log
  },
): { signIns: SignIns; oauthClients: OAuthClients } => {
  const { config, database, vault, services, store, log } = parts
  const { wayOut, grants } = grantsOf(parts)
  const signIns = createSignIns({
    serviceNamed: serviceNamedIn(services),
    operatorClient: operatorClientOf(parts),
    exchange: grants.exchange,
    addressOf: wayOut.addressOf,
    redirectUri: redirectUriOf(config),
    isSandbox: config.sandboxUrl !== undefined,
    seal: (row, plaintext) => vault.seal(loginPlace(row), plaintext),
    open: (row, sealed) => vault.open(loginPlace(row), sealed),
    insertLogin: (login) => insertLogin(database, login),
    takeLogin: (stateHash) => takeLogin(database, stateHash),
    setOutcome: (stateHash, outcome) => setLoginOutcome(database, stateHash, outcome),
    findLogin: (owner) => findLoginOf(database, owner),
    store,
    now: () => new Date(),
    log,
  })
  return { signIns, oauthClients: composeOAuthClients(parts) }
}
