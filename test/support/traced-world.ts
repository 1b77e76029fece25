import { silentLog, type Log } from '../../src/base/log.ts'
import type { Tool } from '../../src/model/service.ts'
import { createTracing } from '../../src/tracing/tracing.ts'
import { findFreePorts } from './free-ports.ts'
import { startGateway } from './gateway.ts'
import { spawnHost } from './host.ts'
import { startCollector, type CollectedSpan } from './collector.ts'
import { startRecorder, type Recorded, type RecordedAnswer } from './recorder.ts'
import { makeService } from './services.ts'
import { makeTool } from './tools.ts'

type World = {
  folder: string
  /** What the API answers. */
  answer?: (request: Recorded) => RecordedAnswer
  hostEnv?: Readonly<Record<string, string>>
  ratio?: number
  /** Instead of a collector that takes what comes. */
  collectorUrl?: string
  headersFile?: string
  log?: Log
}

const TOOL: Tool = makeTool({
  name: 'get_item',
  endpoint: '/items/{id}?fields=all',
  parameters: { id: { required: true, in: 'path' }, note: { in: 'query' } },
})

/** Gateway and host as they are, an API and a collector that remember what they get. */
export const startTracedWorld = async (world: World) => {
  const { folder, answer, hostEnv = {}, ratio = 1, headersFile } = world
  const [port = 0] = await findFreePorts(1)
  const collector = await startCollector()
  const api = await startRecorder(answer)
  const url = world.collectorUrl ?? collector.url
  const host = await spawnHost({
    folder,
    services: [makeService({ port, tools: [TOOL] })],
    env: {
      BERTH_SANDBOX_URL: api.url,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url,
      ...(headersFile && { BERTH_OTLP_HEADERS_FILE: headersFile }),
      name: 'mcp-host-0',
      ...hostEnv,
    },
  })
  const tracing = createTracing({
    otlp: { url, serviceName: 'berth', resource: {}, headersFile, outward: [] },
    ratio,
    processName: 'main-api',
    version: '0.0.0',
    log: world.log ?? silentLog,
  })
  const front = await startGateway({
    ports: { widgets: port },
    hostKey: host.hostKey,
    beginTrace: tracing.begin,
  })
  let isStopped = false
  /** Ends gateway and host; what they know of traces has been sent then. */
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    await front.stop()
    await tracing.runnable.stop()
    await host.stop()
    await api.stop()
    await collector.stop()
  }
  const spans = async (): Promise<CollectedSpan[]> => {
    await stop()
    return collector.spans()
  }
  return { front, host, api, collector, stop, spans }
}

/** From the first span of a trace to the last; each must be the only one below the one before. */
export const chainOf = (spans: readonly CollectedSpan[]): CollectedSpan[] => {
  const chain: CollectedSpan[] = []
  for (let parent = ''; ;) {
    const below = spans.filter(({ parentId }) => parentId === parent)
    const [next] = below
    if (below.length !== 1 || !next) return chain
    chain.push(next)
    parent = next.spanId
  }
}
