import { AppError } from '../../base/errors.ts'
import { fillTemplate, templatePlaceholders } from '../../model/placeholder.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import { placeOf, wireName, type Service, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { resolveBaseUrl } from './base-url.ts'
import { asText } from './body-template.ts'
import { signOAuth1 } from './oauth1.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import { writePayload } from './payload.ts'

export type ToolCall = { service: Service; tool: Tool; args: Arguments; credentials: Credentials }

/** Some APIs (GitHub) refuse requests without one. */
const USER_AGENT = 'berth'

/**
 * Builds the request of a tool call: parameters to their places, then the credentials as `auth.inject` says.
 * @throws AppError `credentials_invalid` when a field that the base URL needs is missing or malformed,
 * `invalid_request` when an argument does not fit into the path
 */
export const buildRequest = (call: ToolCall): OutgoingRequest => {
  const { service, tool, args, credentials } = call
  const base = resolveBaseUrl(service, tool.baseURL ?? service.api.baseURL, credentials)
  const url = targetUrl(base, call)
  const payload = writePayload(tool, args)
  const headers: Record<string, string> = {
    'user-agent': USER_AGENT,
    accept: 'application/json, */*;q=0.8',
    ...payload.headers,
    ...lowerCased(tool.headers ?? {}),
    ...parametersAsHeaders(call),
  }
  injectCredentials(service, credentials, { url, headers })
  const request = { method: tool.method, url, headers, body: payload.body }
  const { oauth1 } = service.auth.inject
  if (oauth1)
    request.headers['authorization'] = signOAuth1(request, filledWith(oauth1, credentials))
  return request
}

const targetUrl = (base: URL, { tool, args }: ToolCall): URL => {
  const [path = '', constantQuery = ''] = tool.endpoint.split('?')
  const filled = Object.keys(tool.parameters).reduce(
    (text, name) => text.replaceAll(`{${name}}`, () => pathPart(name, args[name])),
    path,
  )
  refuseDotSegments(filled)
  const url = new URL(base)
  url.pathname = `${base.pathname.replace(/\/$/, '')}${filled}`
  const query = Object.keys(tool.parameters)
    .filter((name) => placeOf(tool, name) === 'query' && args[name] !== undefined)
    .flatMap((name) => queryPairs(wireName(tool, name), args[name]))
  url.search = [base.search.slice(1), constantQuery, ...query].filter(Boolean).join('&')
  return url
}

/** An empty one would turn "delete this item" into "delete the collection". */
const pathPart = (name: string, value: unknown): string => {
  if (value === '') throw new AppError('invalid_request', `"${name}" must not be empty.`)
  return value === undefined ? '' : encodeStrictly(asText(value))
}

/** A dot segment climbs the path also when it is encoded: the URL's own parser and servers resolve `%2E` too. */
const refuseDotSegments = (path: string): void => {
  if (path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment)))
    throw new AppError('invalid_request', `An argument may not be "." or ".." in ${path}.`)
}

/** RFC 3986: `encodeURIComponent` leaves `!'()*`. */
const encodeStrictly = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** An array repeats its key. */
const queryPairs = (name: string, value: unknown): string[] =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).map(
    (item) => `${encodeStrictly(name)}=${encodeStrictly(asText(item))}`,
  )

const parametersAsHeaders = ({ tool, args }: ToolCall): Record<string, string> => {
  const present = Object.keys(tool.parameters).filter((name) => args[name] !== undefined)
  const cookies = present
    .filter((name) => placeOf(tool, name) === 'cookie')
    .map((name) => `${wireName(tool, name)}=${encodeStrictly(asText(args[name]))}`)
  const headers = present
    .filter((name) => placeOf(tool, name) === 'header')
    .map((name) => [
      wireName(tool, name).toLowerCase(),
      asText(args[name]).replace(/[\r\n\0]/g, ' '),
    ])
  return {
    ...(Object.fromEntries(headers) as Record<string, string>),
    ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
  }
}

type Target = { url: URL; headers: Record<string, string> }

/** Credentials come last, so that no parameter can take their place. A template whose optional field is absent is left out. */
const injectCredentials = (
  service: Service,
  credentials: Credentials,
  { url, headers }: Target,
): void => {
  const { inject } = service.auth
  const isComplete = (template: string) =>
    templatePlaceholders(template).every((name) => credentials[name] !== undefined)
  const fill = (template: string) => fillTemplate(template, (name) => credentials[name])
  for (const [name, template] of Object.entries(inject.headers ?? {}))
    if (isComplete(template)) headers[name.toLowerCase()] = fill(template)
  for (const [name, template] of Object.entries(inject.query ?? {}))
    if (isComplete(template)) {
      const key = encodeStrictly(name)
      const others = url.search
        .slice(1)
        .split('&')
        .filter((pair) => pair.split('=')[0] !== key)
      url.search = [...others, `${key}=${encodeStrictly(fill(template))}`].filter(Boolean).join('&')
    }
  if (inject.basic) {
    const { username, password } = filledWith(inject.basic, credentials)
    headers['authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }
}

const filledWith = <T extends Record<string, string>>(templates: T, credentials: Credentials): T =>
  Object.fromEntries(
    Object.entries(templates).map(([key, template]) => [
      key,
      fillTemplate(template, (name) => credentials[name]),
    ]),
  ) as T

const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
