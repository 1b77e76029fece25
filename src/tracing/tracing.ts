import { setTimeout as delay } from 'node:timers/promises'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  TraceIdRatioBasedSampler,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'
import type { Otlp } from '../base/otlp.ts'
import type { BeginTrace, ResumeTrace } from '../model/span.ts'
import { createExporter, noteLosses } from './exporter.ts'
import { beginTraces, resumeTraces } from './spans.ts'

export type TracingOptions = {
  otlp: Otlp
  /** Of the requests that begin here, the part that is traced; from 0 to 1. */
  ratio: number
  /** Its name under PM2. */
  processName: string
  version: string | undefined
  log: Log
}

export type Tracing = {
  begin: BeginTrace
  resume: ResumeTrace
  runnable: Runnable
}

/** Spans wait for so long at most, and so many of them; what is beyond is dropped, never waited for. */
const WAIT_MS = 2_000
const MAX_WAITING = 4_096
const MAX_BATCH = 512
const EXPORT_MS = 12_000
/** A process that ends waits so long for the collector. */
const STOP_MS = 1_000

/** Traces by OTLP. Everything of OpenTelemetry's is loaded with this module, which is loaded when a collector is named. */
export const createTracing = (options: TracingOptions): Tracing => {
  const { otlp, ratio, log } = options
  const exporter = noteLosses(createExporter(otlp), otlp.url, log)
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: WAIT_MS,
        maxQueueSize: MAX_WAITING,
        maxExportBatchSize: MAX_BATCH,
        exportTimeoutMillis: EXPORT_MS,
      }),
    ],
  })
  const tracer = provider.getTracer('berth', options.version)
  return {
    begin: beginTraces(tracer),
    resume: resumeTraces(tracer),
    runnable: {
      name: 'tracing',
      start: () => Promise.resolve(),
      stop: async () => {
        const bound = new AbortController()
        const flushed = provider.shutdown().catch(() => undefined) // noteLosses has said it
        await Promise.race([flushed, delay(STOP_MS, undefined, { signal: bound.signal, ref: false }).catch(() => undefined)]) // prettier-ignore
        bound.abort()
      },
    },
  }
}

const resourceOf = ({ otlp, processName, version }: TracingOptions) =>
  resourceFromAttributes({
    ...otlp.resource,
    'service.name': otlp.serviceName,
    'service.instance.id': randomUUID(),
    ...(version !== undefined && { 'service.version': version }),
    'host.name': hostname(),
    'process.pid': process.pid,
    'berth.process': processName,
  })
