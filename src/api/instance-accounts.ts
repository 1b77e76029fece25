import { z } from 'zod'
import { AppError } from '../base/errors.ts'
import type { Page } from '../model/account.ts'
import { readCredentials, type CredentialsInput } from '../model/credentials-input.ts'
import { HANDLE } from '../model/instance.ts'
import type { Grant, TokenTimes } from '../model/oauth.ts'
import type { Service } from '../model/service.ts'
import { serviceUnknown } from '../model/service-unknown.ts'
import type { AccountNeeds, ListedInstance, Owner, StoredInstance } from './account-needs.ts'
import { readCursor, storable } from './cursor.ts'
import { PAGE, toPage } from './page.ts'
import type { Credentials } from '../model/host-credentials.ts'
import type { Outcome } from '../model/verification.ts'
import { checkKey, sealNewSecret, storeKey, urlOf, type Authenticated } from './key-entry.ts'

/** An instance as its owner sees it; the secret is in `instanceUrl` alone. */
export type InstanceView = {
  instanceId: string
  instanceUrl: string
  serviceType: string
  isActive: boolean
  createdAt: string
  lastUsedAt: string | null
  verification: Outcome
  account: string | null
  /** When the API last said something about the key. */
  verifiedAt: string | null
}

/** Anybody's instance as the operator sees it. */
export type ListedView = Omit<InstanceView, 'instanceUrl' | 'account' | 'verifiedAt'> & {
  email: string
}

export const createInstanceAccounts = (needs: AccountNeeds) => ({
  /**
   * Stores a user's credentials for a service. The same user and service keep their instance and its URL; the key is
   * replaced. A key that the API refuses is not stored.
   * @throws AppError `service_unknown`, `credentials_invalid`, `credentials_ambiguous`, `credentials_refused`
   */
  authenticate: async (owner: Owner, input: CredentialsInput): Promise<Authenticated> => {
    const service = serviceNamed(needs, owner.service)
    const credentials = readCredentials(service, input)
    return storeKey(needs, owner, await checkKey(needs, service, credentials))
  },

  /**
   * The same for what a sign-in brought: its access token among the credentials, and the grant it came with.
   * @throws AppError `service_unknown`, `credentials_refused`, `instance_limit`
   */
  storeSignIn: async (
    owner: Owner,
    credentials: Credentials,
    grant: Grant & TokenTimes,
  ): Promise<Authenticated> => {
    const key = await checkKey(needs, serviceNamed(needs, owner.service), credentials)
    return storeKey(needs, owner, { ...key, grant })
  },

  /** @throws AppError `not_found` */
  getInstance: async (owner: Owner): Promise<InstanceView> =>
    toView(needs, await instanceOf(needs, owner)),

  listInstances: async (userId: string): Promise<InstanceView[]> =>
    (await needs.listInstancesOf(userId)).map((instance) => toView(needs, instance)),

  /**
   * Gives the instance a new secret, and so a new URL; the old one is dead at once.
   * @throws AppError `not_found`
   */
  rotate: async (owner: Owner): Promise<InstanceView> => {
    const { handle, userId, service } = await instanceOf(needs, owner)
    const secret = sealNewSecret(needs, { handle, userId, service })
    const rotated = await needs.replaceSecret({ handle, ...secret })
    needs.onInstanceChange(handle)
    if (rotated) return toView(needs, rotated)
    throw noInstance(owner)
  },

  /**
   * Asks the API again whether the key works. `verification` is what came out now; what is remembered is the last word of
   * the API itself.
   * @throws AppError `not_found`
   */
  verify: async (owner: Owner): Promise<InstanceView> => {
    const instance = await instanceOf(needs, owner)
    const { result, state } = await needs.recheck(instance)
    return { ...toView(needs, { ...instance, ...state }), verification: result.outcome }
  },

  /**
   * Closes the URL for a while, or opens it again; nothing is lost.
   * @throws AppError `not_found`
   */
  setActive: async (owner: Owner, isActive: boolean): Promise<InstanceView> => {
    const { handle } = await instanceOf(needs, owner)
    const changed = await needs.setInstanceActive({ handle, isActive })
    needs.onInstanceChange(handle)
    if (changed) return toView(needs, changed)
    throw noInstance(owner)
  },

  /** Everybody's, by handle, without their URLs. @throws AppError `invalid_request` for a wrong cursor */
  listAllInstances: async (cursor?: string): Promise<Page<ListedView>> => {
    const after = readCursor(z.string().regex(HANDLE), cursor)
    const page = toPage(await needs.listAllInstances({ after, limit: PAGE + 1 }), (last) => last.handle) // prettier-ignore
    return { ...page, items: page.items.map(toListedView) }
  },

  /**
   * Wipes the credentials and the URL's secret.
   * @throws AppError `not_found`
   */
  remove: async (owner: Owner): Promise<void> => {
    const handle = storable(owner.service) ? await needs.deleteInstance(owner) : undefined
    if (handle === undefined) throw noInstance(owner)
    needs.onInstanceChange(handle)
  },
})

const serviceNamed = ({ services }: AccountNeeds, name: string): Service => {
  const service = services().find((candidate) => candidate.name === name)
  if (service) return service
  throw serviceUnknown([name], services().map((known) => known.name)) // prettier-ignore
}

const toView = (needs: AccountNeeds, instance: StoredInstance): InstanceView => ({
  instanceId: instance.handle,
  instanceUrl: urlOf(needs, instance),
  serviceType: instance.service,
  isActive: instance.isActive,
  createdAt: instance.createdAt.toISOString(),
  lastUsedAt: instance.lastUsedAt?.toISOString() ?? null,
  verification: instance.verification,
  account: instance.account,
  verifiedAt: instance.verifiedAt?.toISOString() ?? null,
})

const toListedView = (instance: ListedInstance): ListedView => ({
  instanceId: instance.handle,
  email: instance.email,
  serviceType: instance.service,
  isActive: instance.isActive,
  verification: instance.verification,
  createdAt: instance.createdAt.toISOString(),
  lastUsedAt: instance.lastUsedAt?.toISOString() ?? null,
})

const instanceOf = async (needs: AccountNeeds, owner: Owner): Promise<StoredInstance> => {
  const instance = storable(owner.service) ? await needs.findInstanceOf(owner) : undefined
  if (instance) return instance
  throw noInstance(owner)
}

const noInstance = ({ service }: Owner): AppError =>
  new AppError(
    'not_found',
    `There is no instance of ${service} for this user; one is made when a key for ${service} is entered.`,
  )
