import type { ServerResponse } from 'node:http'
import { USAGE_HEADER, type ToolUsage } from '../../model/host-protocol.ts'

/** Tells the gateway, which strips it, what a call came to. A stream that began before says nothing. */
export const reportUsage = (response: ServerResponse, usage: ToolUsage): void => {
  if (!response.headersSent) response.setHeader(USAGE_HEADER, JSON.stringify(usage))
}
