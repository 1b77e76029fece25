import { systemCodeOf } from '../../base/errors.ts'
import type { Tool } from '../../model/service.ts'
import type { Span } from '../../model/span.ts'
import type { UpstreamAnswer } from './exchange.ts'
import type { CallTrace, OutgoingRequest } from './outgoing-request.ts'

/** The span of a tool call, by the conventions for MCP. */
export const beginCall = (within: Span, tool: Tool): Span =>
  within.begin({
    name: `tools/call ${tool.name}`,
    kind: 'server',
    facts: {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool.name,
      'network.transport': 'tcp',
    },
  })

type Send = (request: OutgoingRequest) => Promise<UpstreamAnswer>

/**
 * Sends a request in a span of its own, if it is traced.
 * @param tells whether the API is told of the trace
 */
export const sendInSpan = async (
  request: OutgoingRequest,
  tells: boolean,
  send: Send,
): Promise<UpstreamAnswer> => {
  const { trace, headers, method } = request
  if (!trace) return send(request)
  const begun = { name: nameOf(method, trace), kind: 'client', facts: factsOf(method, trace) } as const // prettier-ignore
  const span = trace.span.begin(begun)
  trace.sent += 1
  const goesOut = tells && !trace.isElsewhere
  const told = goesOut
    ? { ...request, headers: { ...headers, traceparent: span.traceparent } }
    : request
  try {
    const answer = await send(told)
    span.tell({ 'http.response.status_code': answer.status })
    span.end(answer.status >= 400 ? String(answer.status) : undefined)
    return answer
  } catch (error) {
    span.end(systemCodeOf(error) ?? (error instanceof Error ? error.name : 'failed'))
    throw error
  }
}

const nameOf = (method: string, trace: CallTrace): string =>
  trace.isElsewhere ? method : `${method} ${templateOf(trace.tool)}`

/** The path as the config writes it: what users and agents put into it is not said. */
const templateOf = ({ endpoint }: Tool): string => endpoint.split('?')[0] ?? ''

const factsOf = (method: string, trace: CallTrace) => ({
  'http.request.method': method,
  'berth.service': trace.service.name,
  ...(trace.sent > 0 && { 'http.request.resend_count': trace.sent }),
  ...(!trace.isElsewhere && { ...addressOf(trace), 'url.template': templateOf(trace.tool) }),
})

const BASE = /^(https?):\/\/(\[[^\]]*\]|[^/?#:]+)(?::(\d+))?(?=[/?#]|$)/i

/** Of the address, too, what the config says: `{subdomain}.example.com`. */
const addressOf = ({ service, tool }: CallTrace) => {
  const [, scheme = '', address, port] = BASE.exec(tool.baseURL ?? service.api.baseURL) ?? []
  if (address === undefined) return {}
  const usual = scheme.toLowerCase() === 'https' ? 443 : 80
  return { 'url.scheme': scheme.toLowerCase(), 'server.address': address, 'server.port': Number(port ?? usual) } // prettier-ignore
}
