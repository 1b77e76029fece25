import { AppError } from '../base/errors.ts'
import type { Credentials } from './host-credentials.ts'
import { pathPlaceholders } from './placeholder.ts'
import type { Service } from './service.ts'

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i
const ORIGIN = /^https:\/\/[a-z0-9.-]+(?::\d{1,5})?\/?$/i

/**
 * Fills the placeholders of an address in a config (base URL, OAuth) from the user's fields. One at the very beginning stands
 * for a whole https origin of the user's own; one in the host must be a single DNS label, so that nobody reaches another host
 * with it; one in the path is percent-encoded.
 *
 * @throws AppError `credentials_invalid` naming the field
 */
export const resolveUrl = (service: Service, template: string, credentials: Credentials): URL => {
  if (!template.includes('{')) return constantUrl(service, template)
  const hostEnd = template.indexOf('/', 'https://'.length)
  const filled = pathPlaceholders(template).reduce((url, name) => {
    const at = template.indexOf(`{${name}}`)
    const value = credentials[name] ?? ''
    if (at === 0) return url.replace(`{${name}}`, () => originOf(service, name, value))
    if (hostEnd === -1 || at < hostEnd)
      return url.replace(`{${name}}`, () => labelOf(service, name, value))
    return url.replace(`{${name}}`, () => pathPartOf(service, name, value))
  }, template)
  return parse(service, filled)
}

const constants = new WeakMap<Service, Map<string, URL>>()

/** Nobody changes the URL that is given out. */
const constantUrl = (service: Service, address: string): URL => {
  const known = constants.get(service) ?? new Map<string, URL>()
  constants.set(service, known)
  const url = known.get(address) ?? parse(service, address)
  known.set(address, url)
  return url
}

const parse = (service: Service, address: string): URL => {
  try {
    return new URL(address)
  } catch (cause) {
    throw new AppError('registry_invalid', `${address} of ${service.name} is not an address.`, {
      cause,
    })
  }
}

const required = (service: Service, name: string, value: string): string => {
  if (value !== '') return value
  throw invalid(service, name, 'is missing')
}

const pathPartOf = (service: Service, name: string, value: string): string => {
  if (!/^\.{1,2}$/.test(required(service, name, value))) return encodeURIComponent(value)
  throw invalid(service, name, 'must not be "." or ".."')
}

const labelOf = (service: Service, name: string, value: string): string => {
  if (DNS_LABEL.test(required(service, name, value))) return value
  throw invalid(
    service,
    name,
    'must be one part of a host name, such as "acme" of acme.example.com',
  )
}

const originOf = (service: Service, name: string, value: string): string => {
  if (ORIGIN.test(required(service, name, value))) return value.replace(/\/$/, '')
  throw invalid(
    service,
    name,
    'must be an https address without a path, such as https://acme.example.com',
  )
}

const invalid = (service: Service, name: string, what: string): AppError =>
  new AppError(
    'credentials_invalid',
    `The field "${name}" of ${service.name} ${what}. Enter it again.`,
  )
