import type { AppError } from '../base/errors.ts'
import {
  methodFact,
  routeBelow,
  type BeginTrace,
  type Span,
  type SpanFacts,
} from '../model/span.ts'
import type { Asked, Ending } from './call.ts'
import { headerOf, type HeaderList } from './headers.ts'
import { HOST } from './http1/connection.ts'

/** What may be said of a request whose instance is known. */
type Named = {
  service: string
  /** Undefined: the service does not run here. */
  port: number | undefined
  /** Path and query below the instance URL. */
  rest: string
  /** It lasts until its client ends it. */
  isStream: boolean
}

type Failure = Pick<AppError, 'code' | 'status'>
type Begun = { request: Asked; requestId: string; begin: BeginTrace }

/** @returns undefined when this request is not traced */
export const traceRequest = ({ request, requestId, begin }: Begun): RequestTrace | undefined => {
  const method = methodFact(request.method)
  const facts = { 'http.request.method': method, 'url.scheme': 'http', 'berth.request_id': requestId } // prettier-ignore
  // Who has no instance chooses the path, and it may be a secret that was mistyped.
  const begun = { name: `${method} /{instance}`, kind: 'server', facts } as const
  const span = begin(begun, headerOf(request.headers, 'traceparent'))
  return span && new RequestTrace(span, method, requestId)
}

/** The spans of a request: one for all that the gateway does with it, and one for each attempt at its host. */
export class RequestTrace {
  readonly traceId: string
  readonly #span: Span
  readonly #method: string
  readonly #requestId: string
  #named: Named | undefined
  #attempt: Span | undefined
  #attempts = 0
  #isEnded = false
  #failure: Failure | undefined

  constructor(span: Span, method: string, requestId: string) {
    this.traceId = span.traceId
    this.#span = span
    this.#method = method
    this.#requestId = requestId
  }

  name(named: Named): void {
    this.#named = named
    const route = `/{instance}/${named.service}${routeBelow(named.rest)}`
    this.#span.rename(`${this.#method} ${route}`)
    this.#span.tell({ 'http.route': route, 'berth.service': named.service })
  }

  /** An attempt at the host begins. @returns the headers by which the host goes on with the trace */
  attempt(): HeaderList {
    if (this.#named?.port === undefined) return []
    const { service, port, rest } = this.#named
    // Only what failed is attempted again.
    this.#attempt?.end('failed')
    const template = routeBelow(rest)
    this.#attempt = this.#span.begin({
      name: `${this.#method} ${template}`,
      kind: 'client',
      facts: {
        'http.request.method': this.#method,
        'server.address': HOST,
        'server.port': port,
        'url.template': template,
        'berth.request_id': this.#requestId,
        'berth.service': service,
        ...(this.#attempts > 0 && { 'http.request.resend_count': this.#attempts }),
      },
    })
    this.#attempts += 1
    return ['traceparent', this.#attempt.traceparent]
  }

  /** The gateway answers with an error of its own. */
  fail(error: Failure): void {
    this.#failure = error
  }

  /** Nothing more is done for the request; its spans end with the answer. */
  endWith(ending: Ending): void {
    if (this.#isEnded) return
    if (ending.isClosed()) return this.#end(ending)
    const before = ending.onClosed
    ending.onClosed = () => {
      before?.()
      this.endWith(ending)
    }
  }

  #end(ending: Ending): void {
    this.#isEnded = true
    const status = statusOf(ending, this.#failure)
    const told = status > 0 ? { 'http.response.status_code': status } : {}
    const cutOff = this.#isCutOff(ending) ? 'incomplete' : undefined
    this.#endAttempt(told, cutOff ?? from(400, status))
    this.#endAll(told, cutOff ?? from(500, status))
  }

  #isCutOff(ending: Ending): boolean {
    return this.#named?.isStream === false && !ending.isComplete()
  }

  /** What the client did wrong is no error of a server (OpenTelemetry's conventions for HTTP). */
  #endAll(told: SpanFacts, failure: string | undefined): void {
    this.#span.tell(told)
    this.#span.end(failure && (this.#failure?.code ?? failure))
  }

  /** Where the gateway answered, the host did not. */
  #endAttempt(told: SpanFacts, failure: string | undefined): void {
    if (!this.#failure) this.#attempt?.tell(told)
    this.#attempt?.end(this.#failure?.code ?? failure)
  }
}

const statusOf = (ending: Ending, failure: Failure | undefined): number =>
  ending.status() || (failure?.status ?? 0)

const from = (first: number, status: number): string | undefined =>
  status >= first ? String(status) : undefined
