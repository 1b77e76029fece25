import type { Credentials } from '../../model/host-credentials.ts'
import { isSecretField, type Service } from '../../model/service.ts'
import { basicAuthorization } from './inject.ts'
import { maskOf, type Mask } from './mask-credentials.ts'

/** Shorter secrets are left alone: they would match by chance. */
const MIN_MASKED = 6

/** Kept as long as the opened credentials themselves. */
const masks = new WeakMap<Credentials, { service: Service; mask: Mask }>()

/** What takes a user's secrets out of whatever an API says. */
export const maskFor = (service: Service, credentials: Credentials): Mask => {
  const known = masks.get(credentials)
  if (known?.service === service) return known.mask
  const mask = maskOf(secretsOf(service, credentials), MIN_MASKED)
  masks.set(credentials, { service, mask })
  return mask
}

/** The values that no answer may quote. An account's name or region is no secret, and may stand in any answer. */
const secretsOf = (service: Service, credentials: Credentials): Credentials => {
  const names = service.auth.fields.filter(isSecretField).map(({ name }) => name)
  const secrets = Object.entries(credentials).filter(([name]) => names.includes(name))
  const { basic } = service.auth.inject
  const pair = basic ? basicAuthorization(basic, credentials).replace('Basic ', '') : ''
  return Object.fromEntries(pair === '' ? secrets : [...secrets, ['authorization', pair]])
}
