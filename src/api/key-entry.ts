import { AppError } from '../base/errors.ts'
import type { Credentials } from '../model/host-credentials.ts'
import { hashSecret, instanceUrl, makeHandle, makeInstanceSecret } from '../model/instance.ts'
import type { Grant, TokenTimes } from '../model/oauth.ts'
import type { Service } from '../model/service.ts'
import { firstCheck, type CheckState, type Outcome } from '../model/verification.ts'
import type { AccountNeeds, Owner, Place, StoredInstance } from './account-needs.ts'

/** The answer to a stored key; `created` is false when it replaced the key of the same instance. */
export type Authenticated = {
  instanceId: string
  instanceUrl: string
  verification: Exclude<Outcome, 'invalid'>
  account?: string
  created: boolean
}

type Row = Omit<Place, 'column'>

type Stored = Authenticated['verification']
export type Key = {
  credentials: Credentials
  check: CheckState
  verification: Stored
  /** Of a sign-in. */
  grant?: (Grant & TokenTimes) | undefined
}

/** Asks the API whether a key works. @throws AppError `credentials_refused` */
export const checkKey = async (
  needs: AccountNeeds,
  service: Service,
  credentials: Credentials,
): Promise<Key> => {
  const result = await needs.verify(service, credentials)
  const { outcome: verification } = result
  if (verification !== 'invalid')
    return { credentials, check: firstCheck(result, new Date()), verification }
  throw new AppError(
    'credentials_refused',
    `${service.displayName} does not accept this key, so nothing was stored. Check that it is whole, current and of the right account.`,
  )
}

/** A handle's random part has 24 bits: the same one twice is rare, and then another is tried. */
const HANDLE_TRIES = 8

/** The same user and service keep their instance and its URL; the key is replaced. @throws AppError `instance_limit` */
export const storeKey = async (
  needs: AccountNeeds,
  owner: Owner,
  key: Key,
): Promise<Authenticated> => {
  // Somebody else may insert or delete the same instance meanwhile; then the other way is right.
  for (let attempt = 0; attempt < HANDLE_TRIES; attempt++) {
    const existing = await needs.findInstanceOf(owner)
    const done = existing ? await replaceKey(needs, existing, key) : await insert(needs, owner, key)
    if (done) return done
  }
  throw new AppError('internal', 'No free handle was found; try again.')
}

const replaceKey = async (
  needs: AccountNeeds,
  existing: StoredInstance,
  key: Key,
): Promise<Authenticated | undefined> => {
  const { check, verification } = key
  const { handle } = existing
  const replaced = await needs.replaceCredentials({ handle, ...sealKey(needs, existing, key), check }) // prettier-ignore
  needs.onInstanceChange(existing.handle)
  return replaced && toAnswer(needs, replaced, { verification, created: false })
}

const insert = async (
  needs: AccountNeeds,
  owner: Owner,
  key: Key,
): Promise<Authenticated | undefined> => {
  const { check, verification } = key
  const row = { ...owner, handle: makeHandle(owner.service, owner.userId) }
  const inserted = await needs.insertInstance({
    ...row,
    ...sealKey(needs, row, key),
    ...sealNewSecret(needs, row),
    sandbox: needs.isSandbox,
    check,
  })
  return inserted && toAnswer(needs, inserted, { verification, created: true })
}

const place = ({ handle, userId, service }: Row, column: string): Place => ({
  handle,
  userId,
  service,
  column,
})

const sealKey = (needs: AccountNeeds, row: Row, { credentials, grant }: Key) => {
  const sealedCredentials = needs.seal(place(row, 'encrypted_api_key'), JSON.stringify(credentials))
  if (!grant) return { sealedCredentials }
  const { accessExpiresAt, refreshAt, ...kept } = grant
  const sealedOauth = needs.seal(place(row, 'sealed_oauth'), JSON.stringify(kept))
  return { sealedCredentials, grant: { sealedOauth, accessExpiresAt, refreshAt } }
}

export const sealNewSecret = (needs: AccountNeeds, row: Row) => {
  const secret = makeInstanceSecret()
  return {
    secretHash: hashSecret(secret),
    sealedSecret: needs.seal(place(row, 'sealed_secret'), secret),
  }
}

/** The whole instance URL: with its secret. */
export const urlOf = (needs: AccountNeeds, instance: StoredInstance): string => {
  const secret = needs.open(place(instance, 'sealed_secret'), instance.sealedSecret)
  return instanceUrl(needs.baseUrl, { ...instance, secret })
}

const toAnswer = (
  needs: AccountNeeds,
  instance: StoredInstance,
  outcome: Pick<Authenticated, 'verification' | 'created'>,
): Authenticated => ({
  instanceId: instance.handle,
  instanceUrl: urlOf(needs, instance),
  ...outcome,
  ...(instance.account === null ? {} : { account: instance.account }),
})
