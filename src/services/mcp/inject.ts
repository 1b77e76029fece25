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
 * @throws AppError `credentials_invalid` naming the field that no header can carry
 */
export const injectCredentials = (
  service: Service,
  credentials: Credentials,
  request: OutgoingRequest,
): void => {
  const { headers = {}, query = {}, basic, oauth1 } = service.auth.inject
  const given = filler(credentials)
  for (const [name, template] of Object.entries(headers)) {
    const value = given.fill(template, (pasted) => pasted?.trim())
    if (value === undefined) continue
    assertFits({ service, credentials }, template, fitsHeader)
    setHeader(request, name.toLowerCase(), value.trim())
  }
  for (const [name, template] of Object.entries(query)) {
    const value = given.fill(template)
    if (value !== undefined) setQuery(request.url, encodeStrictly(name), encodeStrictly(value))
  }
  if (basic && given.hasAny([basic.username, basic.password])) {
    assertFits({ service, credentials }, `${basic.username}:${basic.password}`, fitsBasic)
    request.headers['authorization'] = basicAuthorization(basic, credentials)
  }
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
  fill: (template: string, tidy = (value?: string) => value): string | undefined =>
    templatePlaceholders(template).every((name) => credentials[name] !== undefined)
      ? fillTemplate(template, (name) => tidy(credentials[name]))
      : undefined,
  /** Whether any of the fields is there, or none is asked for. */
  hasAny: (templates: readonly string[]): boolean => {
    const names = templates.flatMap(templatePlaceholders)
    return names.length === 0 || names.some((name) => credentials[name] !== undefined)
  },
})

const fillAll = (template: string, credentials: Credentials): string =>
  fillTemplate(template, (name) => credentials[name])

/** Printable ASCII, Latin-1 and tabs (RFC 9110 §5.5). */
const fitsHeader = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value.trim())

/** User and password in UTF-8, without control characters (RFC 7617 §2). */
const fitsBasic = (value: string): boolean => !/\p{Cc}/u.test(value)

type Given = { service: Service; credentials: Credentials }

const assertFits = (
  { service, credentials }: Given,
  template: string,
  fits: (value: string) => boolean,
): void => {
  const wrong = templatePlaceholders(template).find((name) => !fits(credentials[name] ?? ''))
  if (wrong === undefined) return
  throw new AppError(
    'credentials_invalid',
    `${wrong} of ${service.displayName} has a line break or a character that cannot be part of it. The user enters it again.`,
  )
}

const setHeader = ({ headers }: OutgoingRequest, name: string, value: string): void => {
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
