/**
 * All that spans say, by OpenTelemetry's semantic conventions. A closed list: what a request carries has no name to go by,
 * so no secret of its path, query, headers, arguments or answer can be among it.
 */
export type SpanFacts = {
  'http.request.method'?: string
  /** A template, such as `/{instance}/figma/mcp`. */
  'http.route'?: string
  'http.request.resend_count'?: number
  'http.response.status_code'?: number
  'server.address'?: string
  'server.port'?: number
  'url.scheme'?: string
  'url.template'?: string
  'network.transport'?: string
  'mcp.method.name'?: string
  'gen_ai.operation.name'?: string
  'gen_ai.tool.name'?: string
  /** The gateway's id of the request, as in logs and in `x-request-id`. */
  'berth.request_id'?: string
  'berth.service'?: string
}

export type BegunSpan = {
  name: string
  kind: 'server' | 'client'
  facts: SpanFacts
}

/** A piece of work in a trace that is recorded. */
export type Span = {
  readonly traceId: string
  /** How whoever is called goes on with the trace (W3C Trace Context). */
  readonly traceparent: string
  /** A part of this work. */
  begin: (begun: BegunSpan) => Span
  rename: (name: string) => void
  tell: (facts: SpanFacts) => void
  /** @param failure what went wrong, in a word or a status; absent: nothing */
  end: (failure?: string) => void
}

/**
 * Begins a trace.
 * @param clients what a client said of its own trace; it is linked to, and decides nothing
 * @returns undefined when this one is not sampled
 */
export type BeginTrace = (begun: BegunSpan, clients: string | undefined) => Span | undefined

/** Goes on with a trace of the gateway. @returns undefined when there is none, or it is not sampled */
export type ResumeTrace = (begun: BegunSpan, traceparent: string) => Span | undefined

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']) // prettier-ignore

/** Anybody can send any word as a method; the conventions have this one for those that nobody knows. */
export const methodFact = (method: string): string => (METHODS.has(method) ? method : '_OTHER')

/** The path below an instance URL or a static port, as a template: what is not known may hold anything. */
export const routeBelow = (path: string): string => {
  const end = path.indexOf('?')
  const plain = end < 0 ? path : path.slice(0, end)
  if (plain === '/mcp' || plain === '/tools' || plain === '/health') return plain
  return plain.startsWith('/tools/') ? '/tools/{name}' : '/*'
}
