import type { IncomingHttpHeaders } from 'node:http'

/** Names and values in turn. */
export type HeaderList = readonly string[]

/**
 * What passes from a client to a host. Everything else stays here: Authorization, Cookie, trace headers, and whatever
 * begins with `x-berth-`.
 */
const PASSED = new Set([
  'accept', 'accept-language', 'content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'last-event-id',
]) // prettier-ignore

/** Of the MCP transport: `mcp-session-id`, `mcp-protocol-version`, `mcp-method`, `mcp-name`, `mcp-param-*`. */
export const isPassed = (name: string): boolean => PASSED.has(name) || name.startsWith('mcp-')

/** With an upgrade pass also the headers of its handshake, and no body. */
export const isPassedWithUpgrade = (name: string): boolean =>
  name.startsWith('sec-websocket-') ||
  (isPassed(name) && name !== 'content-length' && name !== 'transfer-encoding')

/** Those of a client that pass. */
export const passedOf = (sent: HeaderList, passes: (name: string) => boolean): HeaderList => {
  const passed: string[] = []
  for (let index = 0; index < sent.length; index += 2) {
    const name = sent[index] ?? ''
    if (passes(name)) passed.push(name, sent[index + 1] ?? '')
  }
  return passed
}

/** @param name in lower case */
export const headerOf = (sent: HeaderList, name: string): string | undefined => {
  for (let index = 0; index < sent.length; index += 2)
    if (sent[index] === name) return sent[index + 1]
  return undefined
}

/** Of a request that Node read. The one header that it does not make one of, when it comes more than once, does not pass. */
export const listOf = (headers: IncomingHttpHeaders): HeaderList => {
  const list: string[] = []
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
  }
  return list
}

/** Headers between host and gateway, and what is the gateway's own to say. */
export const isInternal = (name: string): boolean =>
  name.startsWith('x-berth-') || name === 'x-request-id' || name === 'x-accel-buffering'

/** Takes them out of an answer. */
export const stripInternal = (headers: IncomingHttpHeaders): void => {
  for (const name of Object.keys(headers))
    if (isInternal(name)) Reflect.deleteProperty(headers, name)
}

/** The token of `Authorization: Bearer <token>` (RFC 6750 §2.1). */
export const bearerOf = (headers: HeaderList): string | undefined => {
  const authorization = headerOf(headers, 'authorization')
  return authorization === undefined ? undefined : /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
}

export const recordOf = (headers: HeaderList): Record<string, string> => {
  const record: Record<string, string> = {}
  for (let index = 0; index < headers.length; index += 2)
    record[headers[index] ?? ''] = headers[index + 1] ?? ''
  return record
}
