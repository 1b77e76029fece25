import { AppError } from '../../base/errors.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import { fillTemplate, templatePlaceholders } from '../../model/placeholder.ts'
import type { Service } from '../../model/service.ts'
import { signOAuth1 } from './oauth1.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { encodeStrictly } from './written.ts'

/**
 * Puts the credentials into a request. They come last, so that no parameter can take their place. A template whose optional
 * field is absent is left out.
 *
 * @throws AppError `credentials_invalid` for one that no header can carry
 */
export const injectCredentials = (
  service: Service,
  credentials: Credentials,
  request: OutgoingRequest,
): void => {
  const { headers = {}, query = {}, basic, oauth1 } = service.auth.inject
  const given = filler(credentials)
  for (const [name, template] of Object.entries(headers)) {
    const value = given.fill(template)
    if (value !== undefined) setHeader(service, request, [name.toLowerCase(), value])
  }
  for (const [name, template] of Object.entries(query)) {
    const value = given.fill(template)
    if (value !== undefined) setQuery(request.url, encodeStrictly(name), encodeStrictly(value))
  }
  if (basic && given.hasAny([basic.username, basic.password]))
    request.headers['authorization'] = basicAuthorization(basic, credentials)
  if (oauth1) {
    const keys = {
      consumerKey: fillAll(oauth1.consumerKey, credentials),
      consumerSecret: fillAll(oauth1.consumerSecret, credentials),
      token: fillAll(oauth1.token, credentials),
      tokenSecret: fillAll(oauth1.tokenSecret, credentials),
    }
    request.headers['authorization'] = signOAuth1(request, keys)
  }
}

/** RFC 7617. */
export const basicAuthorization = (
  { username, password }: { username: string; password: string },
  credentials: Credentials,
): string => {
  const pair = `${fillAll(username, credentials)}:${fillAll(password, credentials)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

const filler = (credentials: Credentials) => ({
  /** Undefined when a field of it is absent. */
  fill: (template: string): string | undefined =>
    templatePlaceholders(template).every((name) => credentials[name] !== undefined)
      ? fillAll(template, credentials)
      : undefined,
  /** Whether any of the fields is there, or none is asked for. */
  hasAny: (templates: readonly string[]): boolean => {
    const names = templates.flatMap(templatePlaceholders)
    return names.length === 0 || names.some((name) => credentials[name] !== undefined)
  },
})

const fillAll = (template: string, credentials: Credentials): string =>
  fillTemplate(template, (name) => credentials[name])

/** Printable ASCII, Latin-1 and tabs (RFC 9110 §5.5); white space around a value never counts. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

const setHeader = (
  service: Service,
  { headers }: OutgoingRequest,
  [name, raw]: readonly [string, string],
): void => {
  const value = raw.trim()
  if (!FIELD_VALUE.test(value))
    throw new AppError(
      'credentials_invalid',
      `A key of ${service.displayName} has a line break or a character that cannot be part of one. The user enters it again.`,
    )
  // Cookies of parameters stay (RFC 6265 §4.2.1).
  const others = name === 'cookie' && headers['cookie'] !== undefined ? [headers['cookie']] : []
  headers[name] = [...others, value].join('; ')
}

const setQuery = (url: URL, key: string, value: string): void => {
  const others = url.search
    .slice(1)
    .split('&')
    .filter((pair) => pair.split('=')[0] !== key)
  url.search = [...others, `${key}=${value}`].filter(Boolean).join('&')
}
