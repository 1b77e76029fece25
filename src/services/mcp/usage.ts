import type { IncomingMessage, ServerResponse } from 'node:http'
import { USAGE_HEADER, type ToolUsage } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import type { Calls } from './calls.ts'

type Exchange = { service: Service; request: IncomingMessage; calls: Calls }

/**
 * Counts a call.
 * @returns the header that tells the gateway, which strips it, what the call came to
 */
export const countUsage = (
  { service, request, calls }: Exchange,
  usage: ToolUsage,
): Record<string, string> => {
  calls.count(service.name, usage, String(request.headers['x-request-id'] ?? ''))
  return { [USAGE_HEADER]: JSON.stringify(usage) }
}

/** The same, put into the answer. A stream that began before says nothing. */
export const reportUsage = (
  exchange: Exchange & { response: ServerResponse },
  usage: ToolUsage,
): void => {
  for (const [name, value] of Object.entries(countUsage(exchange, usage)))
    if (!exchange.response.headersSent) exchange.response.setHeader(name, value)
}
