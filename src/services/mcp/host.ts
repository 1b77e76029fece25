import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AppError } from '../../base/errors.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { readSecretFile } from '../../base/secret-file.ts'
import type { ControlCall, HostAnswer } from '../../model/control.ts'
import type { OwnFigures } from '../../model/host-figures.ts'
import { UNPROCESSED_HEADER } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import type { ResumeTrace, Span } from '../../model/span.ts'
import { createCalls } from './calls.ts'
import { createControl } from './control.ts'
import { workFor, type Work } from './crash-record.ts'
import type { HostEnvironment } from './environment.ts'
import { createLoopMeter } from './loop-figures.ts'
import { createPorts, type Ports } from './ports.ts'
import { createRequests } from './requests.ts'
import { createRouter } from './router.ts'
import { endRequest, resumeRequest } from './server-span.ts'
import { createUpstream } from './upstream.ts'
import { createWorkNote, noteAnswers, type WorkNote } from './work-note.ts'

type HostOptions = {
  environment: HostEnvironment
  log: Log
  /** Absent: nothing is traced. */
  resumeTrace?: ResumeTrace | undefined
}

/** One process that serves any list of services, each on its static port. */
export const createHost = ({ environment, log, resumeTrace }: HostOptions): Runnable => {
  const note = createWorkNote(environment.workFile)
  const upstream = noteAnswers(
    createUpstream({ ...environment, traceparentTo: environment.otlp?.outward ?? [] }),
    note,
  )
  const hostKey = readHostKey(environment.hostKeyFile)
  const calls = createCalls(log)
  const route = createRouter({ hostKey, upstream, calls, log })
  const byPort = new Map<number, Service>()
  // One HTTP server behind all ports: a server of its own for each would cost timers and memory.
  const server = createServer((request, response) => {
    if (!requests.count(response)) return
    const service = byPort.get(request.socket.localPort ?? 0)
    if (!service) {
      // It has gone to another host; the connection is from before.
      response.writeHead(503, { [UNPROCESSED_HEADER]: '1', connection: 'close' }).end()
      return
    }
    note.begin(service.name)
    const span = resumeTrace && resumeRequest(resumeTrace, { service, request })
    response.once('close', span ? () => endBoth(note, span, response) : note.end)
    workFor(workOf(service, request, span), () => route({ service, request, response, span }))
  })
  const requests = createRequests(server)
  server.keepAliveTimeout = 65_000 // above the gateway's, which closes first
  const ports = createPorts({ server, log })
  const served: Served = { byPort, ports, changes: 0 }
  const readLoop = createLoopMeter()
  const measure = (): OwnFigures => ({ loop: readLoop(), calls: calls.figures() })
  const control = createControl({
    socketPath: environment.controlSocket,
    answer: (call) => answerControl({ served, measure }, call),
    log,
  })

  return {
    name: 'host',
    start: async () => {
      const services = readServices(environment)
      await change(served, { remove: [], put: services })
      await control.start()
      log.info('host started', { services: services.length })
    },
    stop: async () => {
      ports.closeAll()
      await control.stop()
      await requests.drain()
      await upstream.close()
    },
  }
}

/** One listener for both: the SDK adds so many that Node warns of one more. */
const endBoth = (note: WorkNote, span: Span, response: ServerResponse): void => {
  note.end()
  endRequest(span, response)
}

const KEY_BYTES = 32

const readHostKey = (file: string): Buffer => {
  const key = Buffer.from(readSecretFile(file), 'base64')
  if (key.length === KEY_BYTES) return key
  throw new AppError('config_invalid', `${file} does not hold ${KEY_BYTES} bytes in base64.`)
}

type Served = { byPort: Map<number, Service>; ports: Ports; changes: number }

const STARTED_AT = Date.now()

const answerControl = async (
  { served, measure }: { served: Served; measure: () => OwnFigures },
  call: ControlCall,
): Promise<unknown> => {
  if (call.method === 'change') return change(served, call)
  if (call.method === 'measure') return measure()
  const revision = `${process.pid}.${STARTED_AT}.${served.changes}`
  const answer: HostAnswer = { pid: process.pid, revision, taken: served.ports.taken() }
  return call.known === revision ? answer : { ...answer, services: [...served.byPort.values()] }
}

/** A service whose port stays is swapped between two requests; its connections stay open. */
const change = async (
  served: Served,
  { remove, put }: { remove: readonly string[]; put: readonly Service[] },
): Promise<void> => {
  const { byPort, ports } = served
  served.changes += 1
  const going = new Set([...remove, ...put.map(({ name }) => name)])
  const kept = new Set(put.map(({ port }) => port))
  for (const [port, service] of [...byPort]) {
    if (!going.has(service.name)) continue
    byPort.delete(port)
    if (!kept.has(port)) ports.close(port)
  }
  for (const service of put) byPort.set(service.port, service)
  await Promise.all(put.map(({ port }) => ports.open(port)))
}

type RegistryFile = Record<string, { port: number; config: Service }>

/** What the daemon wants this host to serve by now; else what its environment said when it was first started. */
const readServices = (environment: HostEnvironment): Service[] => {
  const { registryFile, servedFile, services, port } = environment
  const served = servedFile === undefined ? undefined : readServed(servedFile)
  if (served) return Object.values(served).map(({ config }) => config)
  const registry = readRegistryFile(registryFile)
  return services.flatMap((name) => {
    const entry = registry[name]
    return entry ? [{ ...entry.config, port: port ?? entry.port }] : []
  })
}

const readRegistryFile = (file: string): RegistryFile =>
  JSON.parse(readFileSync(file, 'utf8')) as RegistryFile

const readServed = (file: string): RegistryFile | undefined => {
  try {
    return readRegistryFile(file)
  } catch {
    return undefined // missing or cut off: the daemon will look, and bring what is missing
  }
}

const workOf = ({ name }: Service, { headers }: IncomingMessage, span: Span | undefined): Work => {
  const requestId = headers['x-request-id']
  const work = typeof requestId === 'string' ? { service: name, requestId } : { service: name }
  return span ? { ...work, traceId: span.traceId } : work
}
