import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Link,
  type Span as OpenSpan,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'
import type { BegunSpan, BeginTrace, ResumeTrace, Span } from '../model/span.ts'
import { readTraceparent, writeTraceparent } from './traceparent.ts'

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

/** Contexts are handed on by hand: nothing is put where other code of the process would find it. */
const begin = (tracer: Tracer, { name, kind, facts }: BegunSpan, given: Given): OpenSpan => {
  const { parent, links = [] } = given
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
  return tracer.startSpan(
    name,
    { kind: KINDS[kind], attributes: facts, links: [...links] },
    context,
  )
}

type Given = { parent?: SpanContext; links?: readonly Link[] }

export const beginTraces =
  (tracer: Tracer): BeginTrace =>
  (begun, clients) => {
    const linked = readTraceparent(clients)
    const span = begin(tracer, begun, { links: linked ? [{ context: linked }] : [] })
    return span.isRecording() ? spanOver(tracer, span) : undefined
  }

export const resumeTraces =
  (tracer: Tracer): ResumeTrace =>
  (begun, traceparent) => {
    const parent = readTraceparent(traceparent)
    const span = parent && begin(tracer, begun, { parent })
    return span?.isRecording() ? spanOver(tracer, span) : undefined
  }

/** Codes of errors and statuses are words; whatever is none might say more than it should. */
const WORD = /^[\w.-]{1,64}$/

const spanOver = (tracer: Tracer, span: OpenSpan): Span => {
  const context = span.spanContext()
  return {
    traceId: context.traceId,
    traceparent: writeTraceparent(context),
    begin: (begun) => spanOver(tracer, begin(tracer, begun, { parent: context })),
    rename: (name) => void span.updateName(name),
    tell: (facts) => void span.setAttributes(facts),
    end: (failure) => {
      if (failure !== undefined) {
        span.setAttribute('error.type', WORD.test(failure) ? failure : '_OTHER')
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}
