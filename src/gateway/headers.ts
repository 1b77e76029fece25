import type { IncomingHttpHeaders } from 'node:http'

/**
 * What passes from a client to a host. Everything else stays here: Authorization, Cookie, forwarded addresses, trace
 * headers, and whatever begins with `x-berth-`.
 */
const PASSED = new Set([
  'accept', 'accept-language', 'content-type', 'content-length', 'content-encoding', 'transfer-encoding', 'last-event-id',
]) // prettier-ignore

/** Of the MCP transport: `mcp-session-id`, `mcp-protocol-version`, `mcp-method`, `mcp-name`, `mcp-param-*`. */
const isPassed = (name: string): boolean => PASSED.has(name) || name.startsWith('mcp-')

export const requestHeaders = (
  incoming: IncomingHttpHeaders,
  own: Readonly<Record<string, string>>,
): IncomingHttpHeaders => ({
  ...Object.fromEntries(Object.entries(incoming).filter(([name]) => isPassed(name))),
  ...own,
})

/** Takes the headers between host and gateway out of an answer, and what is the gateway's own to say. */
export const stripInternal = (headers: IncomingHttpHeaders): void => {
  for (const name of Object.keys(headers))
    if (name.startsWith('x-berth-') || name === 'x-request-id')
      Reflect.deleteProperty(headers, name)
}

/** The token of `Authorization: Bearer <token>` (RFC 6750 §2.1). */
export const bearerOf = (headers: IncomingHttpHeaders): string | undefined =>
  /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
