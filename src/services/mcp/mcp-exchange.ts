import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Credentials } from '../../model/host-credentials.ts'
import type { Service } from '../../model/service.ts'
import type { Span } from '../../model/span.ts'
import type { Calls } from './calls.ts'
import type { Upstream } from './upstream.ts'

/** A request to `/mcp` and what it takes to answer it. */
export type McpExchange = {
  service: Service
  request: IncomingMessage
  response: ServerResponse
  credentials: Credentials
  upstream: Upstream
  calls: Calls
  /** Undefined: it is not traced. */
  span?: Span | undefined
}
