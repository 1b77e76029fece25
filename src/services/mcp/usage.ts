import type { IncomingMessage, ServerResponse } from 'node:http'
import { USAGE_HEADER, type ToolUsage } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import type { Calls } from './calls.ts'

type Exchange = {
  service: Service
  request: IncomingMessage
  response: ServerResponse
  calls: Calls
}

/** Counts a call, and tells the gateway, which strips it, what it came to. A stream that began before says nothing. */
export const reportUsage = (exchange: Exchange, usage: ToolUsage): void => {
  const { service, request, response, calls } = exchange
  calls.count(service.name, usage, String(request.headers['x-request-id'] ?? ''))
  if (!response.headersSent) response.setHeader(USAGE_HEADER, JSON.stringify(usage))
}
