import { AppError } from '../../base/errors.ts'
import type { Credentials } from '../../model/host-credentials.ts'
import type { Parameter, Service, Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { resolveUrl } from '../../model/resolve-url.ts'
import { fillHeader, withFields } from './borrowed.ts'
import { injectCredentials, membersOf } from './inject.ts'
import type { OutgoingRequest, Payload } from './outgoing-request.ts'
import { writePayload } from './payload.ts'
import { targetUrl } from './target-url.ts'
import { planOf, type ToolPlan } from './tool-plan.ts'
import { encodeStrictly, writeOne } from './written.ts'

export type ToolCall = { service: Service; tool: Tool; args: Arguments; credentials: Credentials }

/** Some APIs (GitHub) refuse requests without one. */
const USER_AGENT = 'berth'

/**
 * Builds the request of a tool call: parameters to their places, then the credentials as `auth.inject` says.
 * @throws AppError `credentials_invalid` when a field that the base URL needs is missing or malformed,
 * `invalid_request` when an argument does not fit into the path or a header
 */
export const buildRequest = (call: ToolCall): OutgoingRequest => {
  const { service, tool, credentials } = call
  const plan = planOf(tool)
  const args = withFields(service, plan, call)
  const base = resolveUrl(service, tool.baseURL ?? service.api.baseURL, credentials)
  const payload = writePayload(tool, args, membersOf(service, credentials))
  const headers: Record<string, string> = {
    'user-agent': USER_AGENT,
    accept: 'application/json, */*;q=0.8',
    ...payload.headers,
  }
  // A content type is that of the body: it takes the place of the encoding's own, except for the boundary of its parts.
  const keepsType = payload.body === undefined || isMultipart(payload)
  for (const { name, value, isTemplate } of plan.constantHeaders) {
    if (name === 'content-type' && keepsType) continue
    const filled = isTemplate ? fillHeader(name, value, args) : value
    if (filled !== undefined) headers[name] = filled
  }
  addParameters(headers, plan, args)
  const request = {
    method: tool.method,
    url: targetUrl(base, tool, args),
    headers,
    body: payload.body,
  }
  injectCredentials(service, credentials, request)
  return request
}

const isMultipart = ({ headers }: Payload): boolean =>
  headers['content-type']?.startsWith('multipart/') === true

/** Visible ASCII, Latin-1 and tabs (RFC 9110 §5.5); JSON has escapes for the rest. */
const headerValue = (name: string, value: unknown, { style }: Parameter): string => {
  const text = writeOne(value, style).replace(/[\r\n\0]/g, ' ')
  const isJson = text.startsWith('{') && typeof value === 'object'
  const escaped = isJson ? text.replace(/[^\x20-\x7e]/g, escapeCharacter) : text
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(escaped)) return escaped
  throw new AppError('invalid_request', `"${name}" has a character that a header cannot carry.`)
}

/** A UTF-16 code unit, as JSON escapes it. */
const escapeCharacter = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

const addParameters = (headers: Payload['headers'], plan: ToolPlan, args: Arguments): void => {
  for (const { name, wire, parameter } of plan.headers)
    if (args[name] !== undefined) headers[wire] = headerValue(name, args[name], parameter)
  const cookies = plan.cookies
    .filter(({ name }) => args[name] !== undefined)
    .map(({ name, wire, parameter }) => `${wire}=${writeOne(args[name], parameter.style, encodeStrictly)}`) // prettier-ignore
  if (cookies.length > 0) headers['cookie'] = cookies.join('; ')
}
