import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { Log } from '../base/log.ts'
import { loopbackSource } from '../base/loopback.ts'
import { readOtlpHeaders, type Otlp } from '../base/otlp.ts'

/** For one batch, with every further try at it. */
const SEND_MS = 10_000

/** Sends spans to the collector, over connections that take no static port. */
export const createExporter = (otlp: Otlp): SpanExporter =>
  new OTLPTraceExporter({
    url: otlp.url,
    headers: readOtlpHeaders(otlp),
    timeoutMillis: SEND_MS,
    httpAgentOptions: { keepAlive: true, ...loopbackSource(new URL(otlp.url).hostname) },
  })

/** An exporter whose failures are logged: once when spans begin to be lost, once when they arrive again. */
export const noteLosses = (exporter: SpanExporter, url: string, log: Log): SpanExporter => {
  let lost = 0
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error === undefined) {
          if (lost > 0) log.info('traces arrive again', { lost })
          lost = 0
        } else {
          if (lost === 0) log.warn('traces are lost', { url, error: result.error })
          lost += spans.length
        }
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
  }
}
