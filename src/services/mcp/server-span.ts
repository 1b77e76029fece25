import type { IncomingMessage, ServerResponse } from 'node:http'
import { methodFact, routeBelow, type ResumeTrace, type Span } from '../../model/span.ts'
import type { Service } from '../../model/service.ts'

type Exchange = { service: Service; request: IncomingMessage }

/** Of the gateway's making; anybody on this machine may send something else. */
const REQUEST_ID = /^[0-9a-f-]{36}$/

/** The span of a request that the gateway traces. */
export const resumeRequest = (
  resume: ResumeTrace,
  { service, request }: Exchange,
): Span | undefined => {
  const { traceparent, 'x-request-id': id } = request.headers
  if (typeof traceparent !== 'string') return undefined
  const method = methodFact(request.method ?? '')
  const route = routeBelow(request.url ?? '/')
  const facts = {
    'http.request.method': method,
    'http.route': route,
    'url.scheme': 'http',
    'berth.service': service.name,
    ...(typeof id === 'string' && REQUEST_ID.test(id) && { 'berth.request_id': id }),
  }
  return resume({ name: `${method} ${route}`, kind: 'server', facts }, traceparent)
}

/** Its connection is done with it. */
export const endRequest = (
  span: Span,
  { statusCode, headersSent, writableFinished }: ServerResponse,
): void => {
  if (headersSent) span.tell({ 'http.response.status_code': statusCode })
  const failure = writableFinished ? String(statusCode) : 'incomplete'
  span.end(statusCode >= 500 || !writableFinished ? failure : undefined)
}
