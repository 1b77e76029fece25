import type { IncomingHttpHeaders } from 'node:http'

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

/** @param own by lower-case names; they replace a client's */
export const requestHeaders = (
  incoming: IncomingHttpHeaders,
  own: Readonly<Record<string, string>>,
  passes: (name: string) => boolean = isPassed,
): Record<string, string> => {
  const headers: Record<string, string> = { ...own }
  for (const name in incoming) {
    const value = incoming[name]
    if (typeof value === 'string' && passes(name) && !(name in own)) headers[name] = value
  }
  return headers
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
export const bearerOf = (headers: IncomingHttpHeaders): string | undefined =>
  headers.authorization === undefined
    ? undefined
    : /^Bearer\s+(\S+)$/i.exec(headers.authorization)?.[1]
