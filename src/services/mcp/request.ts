import type { Credentials } from '../../model/host-credentials.ts'
import { placeOf, wireName, type Service, type Tool } from '../../model/service.ts'
import type { Arguments } from './arguments.ts'
import { resolveBaseUrl } from './base-url.ts'
import { injectCredentials } from './inject.ts'
import type { OutgoingRequest, Payload } from './outgoing-request.ts'
import { writePayload } from './payload.ts'
import { targetUrl } from './target-url.ts'
import { encodeStrictly, writeOne } from './written.ts'

export type ToolCall = { service: Service; tool: Tool; args: Arguments; credentials: Credentials }

/** Some APIs (GitHub) refuse requests without one. */
const USER_AGENT = 'berth'

/**
 * Builds the request of a tool call: parameters to their places, then the credentials as `auth.inject` says.
 * @throws AppError `credentials_invalid` when a field that the base URL needs is missing or malformed,
 * `invalid_request` when an argument does not fit into the path
 */
export const buildRequest = ({ service, tool, args, credentials }: ToolCall): OutgoingRequest => {
  const base = resolveBaseUrl(service, tool.baseURL ?? service.api.baseURL, credentials)
  const payload = writePayload(tool, args)
  const headers = {
    'user-agent': USER_AGENT,
    accept: 'application/json, */*;q=0.8',
    ...payload.headers,
    ...constantHeaders(tool, payload),
    ...parametersAsHeaders(tool, args),
  }
  const request = {
    method: tool.method,
    url: targetUrl(base, tool, args),
    headers,
    body: payload.body,
  }
  injectCredentials(service, credentials, request)
  return request
}

/** A content type is that of the body: it takes the place of the encoding's own, except for the boundary of its parts. */
const constantHeaders = (tool: Tool, payload: Payload): Record<string, string> =>
  Object.fromEntries(
    Object.entries(tool.headers ?? {})
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(
        ([name]) =>
          name !== 'content-type' || (payload.body !== undefined && tool.encoding !== 'multipart'),
      ),
  )

const parametersAsHeaders = (tool: Tool, args: Arguments): Record<string, string> => {
  const present = Object.entries(tool.parameters).filter(([name]) => args[name] !== undefined)
  const cookies = present
    .filter(([name]) => placeOf(tool, name) === 'cookie')
    .map(([name, p]) => `${wireName(tool, name)}=${writeOne(args[name], p.style, encodeStrictly)}`)
  const headers = present
    .filter(([name]) => placeOf(tool, name) === 'header')
    .map(([name, p]): [string, string] => [
      wireName(tool, name).toLowerCase(),
      writeOne(args[name], p.style).replace(/[\r\n\0]/g, ' '),
    ])
  return {
    ...Object.fromEntries(headers),
    ...(cookies.length > 0 ? { cookie: cookies.join('; ') } : {}),
  }
}
