import { AppError } from '../../base/errors.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import { fillTemplate, templatePlaceholders } from '../../model/placeholder.ts'
import type { Inject, Service } from '../../model/service.ts'
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
  const { basic, oauth1 } = service.auth.inject
  const { headers, query } = templatesOf(service.auth.inject)
  for (const { name, template, fields } of headers) {
    if (!hasAll(credentials, fields)) continue
    assertFits({ service, credentials }, fields, fitsHeader)
    const value = fillTemplate(template, (field) => credentials[field]?.trim())
    setHeader(request, name, value.trim())
  }
  for (const { name, template, fields } of query) {
    if (!hasAll(credentials, fields)) continue
    const value = fillAll(template, credentials)
    setQuery(request.url, encodeStrictly(name), encodeStrictly(value))
  }
  if (basic && hasAny(credentials, basic)) {
    const fields = templatePlaceholders(`${basic.username}:${basic.password}`)
    assertFits({ service, credentials }, fields, fitsBasic)
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

/** What `inject.body` adds to a body; undefined for nothing. */
export const membersOf = (
  { auth }: Service,
  credentials: Credentials,
): Readonly<Record<string, string>> | undefined => {
  if (!auth.inject.body) return undefined
  const given = templatesOf(auth.inject).body.filter(({ fields }) => hasAll(credentials, fields))
  return Object.fromEntries(given.map(({ name, template }) => [name, fillAll(template, credentials)])) // prettier-ignore
}

/** RFC 7617. */
export const basicAuthorization = (
  { username, password }: { username: string; password: string },
  credentials: Credentials,
): string => {
  const pair = `${fillAll(username, credentials)}:${fillAll(password, credentials)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

type Template = { name: string; template: string; fields: readonly string[] }
type Templates = Readonly<Record<'headers' | 'query' | 'body', readonly Template[]>>

const templates = new WeakMap<Inject, Templates>()

/** What each template needs, found once. */
const templatesOf = (inject: Inject): Templates => {
  const known = templates.get(inject)
  if (known) return known
  const read = (given: Readonly<Record<string, string>> = {}): Template[] =>
    Object.entries(given).map(([name, template]) => ({
      name,
      template,
      fields: templatePlaceholders(template),
    }))
  const headers = read(inject.headers).map((one) => ({ ...one, name: one.name.toLowerCase() }))
  const made = { headers, query: read(inject.query), body: read(inject.body) }
  templates.set(inject, made)
  return made
}

const hasAll = (credentials: Credentials, fields: readonly string[]): boolean =>
  fields.every((name) => credentials[name] !== undefined)

/** Whether any of the fields is there, or none is asked for. */
const hasAny = (
  credentials: Credentials,
  { username, password }: { username: string; password: string },
): boolean => {
  const names = [username, password].flatMap(templatePlaceholders)
  return names.length === 0 || names.some((name) => credentials[name] !== undefined)
}

const fillAll = (template: string, credentials: Credentials): string =>
  fillTemplate(template, (name) => credentials[name])

/** Printable ASCII, Latin-1 and tabs (RFC 9110 §5.5). */
const fitsHeader = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value.trim())

/** User and password in UTF-8, without control characters (RFC 7617 §2). */
const fitsBasic = (value: string): boolean => !/\p{Cc}/u.test(value)

type Given = { service: Service; credentials: Credentials }

const assertFits = (
  { service, credentials }: Given,
  fields: readonly string[],
  fits: (value: string) => boolean,
): void => {
  const wrong = fields.find((name) => !fits(credentials[name] ?? ''))
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
