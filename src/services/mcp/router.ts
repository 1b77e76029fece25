import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, systemCodeOf } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { CREDENTIALS_HEADER, type Credentials } from '../../model/host-credentials.ts'
import { DEEP_HEADER, type HostHealth } from '../../model/host-protocol.ts'
import type { Service } from '../../model/service.ts'
import type { Span } from '../../model/span.ts'
import { VERIFY_HEADER } from '../../model/verification.ts'
import { readJson, sendJson } from './body.ts'
import { callTool } from './call.ts'
import type { Calls } from './calls.ts'
import { checkHost } from './check-host.ts'
import { leaving } from './leaving.ts'
import { serveMcp } from './mcp.ts'
import { createOpener } from './opened-credentials.ts'
import { reachApi } from './reach-api.ts'
import { listTools } from './tools.ts'
import type { Upstream } from './upstream.ts'
import { reportUsage } from './usage.ts'
import { verifyKey } from './verify.ts'

type RouterOptions = { hostKey: Buffer; upstream: Upstream; calls: Calls; log: Log }
type Opener = ReturnType<typeof createOpener>
type Routing = { open: Opener; upstream: Upstream; calls: Calls }
type Exchange = {
  service: Service
  request: IncomingMessage
  response: ServerResponse
  /** Undefined: it is not traced. */
  span?: Span | undefined
}

/** What every static port serves: `/health`, `/mcp`, `/tools` and `/tools/{name}`. */
export const createRouter = ({ hostKey, upstream, calls, log }: RouterOptions) => {
  const routing = { open: createOpener(hostKey), upstream, calls }
  return (exchange: Exchange): void => {
    const { service, request, response } = exchange
    handle(routing, exchange).catch((error: unknown) => {
      const known = error instanceof AppError ? error : undefined
      const requestId = String(request.headers['x-request-id'] ?? randomUUID())
      if (!known && !isCutOff(request, error))
        log.error('request failed', { service: service.name, requestId, error })
      if (response.headersSent) response.destroy()
      else sendError(response, known, requestId)
    })
  }
}

/** Whoever sent it left before its body was whole. */
const isCutOff = ({ complete }: IncomingMessage, error: unknown): boolean =>
  !complete && systemCodeOf(error) === 'ECONNRESET'

const handle = async (options: Routing, exchange: Exchange): Promise<void> => {
  const { service, request, response } = exchange
  checkHost(request.headers)
  const path = (request.url ?? '/').split('?')[0] ?? '/'
  if (path === '/health') await answerHealth(options, exchange)
  else if (path === '/mcp') await answerMcp(options, exchange)
  else if (path === '/tools') {
    allowOnly(exchange, ['GET', 'HEAD'])
    sendJson(response, 200, { tools: listTools(service) })
  } else if (path.startsWith('/tools/')) {
    allowOnly(exchange, ['POST'])
    // Names of tools have only characters that stand in a URL as they are.
    await answerTool(options, exchange, path.slice('/tools/'.length))
  } else if (isVerify(path, request)) await answerVerify(options, exchange)
  else throw new AppError('not_found', 'Here are /mcp, /tools, /tools/{name} and /health.')
}

/** @throws AppError `method_not_allowed`, with `Allow` set (RFC 9110 §15.5.6) */
const allowOnly = ({ request, response }: Exchange, methods: readonly string[]): void => {
  if (methods.includes(request.method ?? '')) return
  const allowed = methods.join(', ')
  response.setHeader('allow', allowed)
  throw new AppError('method_not_allowed', `This takes ${allowed}, and not ${request.method}.`)
}

const answerHealth = async (
  { upstream }: Routing,
  { service, request, response }: Exchange,
): Promise<void> => {
  const health = healthOf(service)
  const deep = request.headers[DEEP_HEADER]
  if (deep === undefined) {
    sendJson(response, 200, health)
    return
  }
  const waitMs = Number(deep)
  sendJson(response, 200, { ...health, upstream: await reachApi(service, { upstream, waitMs }) })
}

const answerMcp = ({ open, upstream, calls }: Routing, exchange: Exchange): Promise<void> => {
  const credentials = credentialsOf(open, exchange)
  return serveMcp({ ...exchange, credentials, upstream, calls })
}

const answerTool = async (options: Routing, exchange: Exchange, tool: string): Promise<void> => {
  const { service, request, response, span } = exchange
  const credentials = credentialsOf(options.open, exchange)
  const args = await readJson(request)
  const { upstream, calls } = options
  const signal = leaving(response)
  const called = await callTool({ service, tool, args, credentials, upstream, signal, span })
  if (!called)
    throw new AppError('not_found', `${service.name} has no tool "${tool}"; GET /tools lists them.`)
  reportUsage({ ...exchange, calls }, called.usage)
  sendJson(response, 200, called.result)
}

/** The daemon's alone: no header under `x-berth-` comes through the gateway. */
const isVerify = (path: string, { method, headers }: IncomingMessage): boolean =>
  path === '/verify' && method === 'POST' && headers[VERIFY_HEADER] !== undefined

const answerVerify = async (options: Routing, exchange: Exchange): Promise<void> => {
  const { service, response } = exchange
  const credentials = credentialsOf(options.open, exchange)
  sendJson(response, 200, await verifyKey({ service, credentials, upstream: options.upstream }))
}

const credentialsOf = (open: Opener, { service, request }: Exchange): Credentials => {
  const sealed = request.headers[CREDENTIALS_HEADER]
  const opened = typeof sealed === 'string' ? open(service, sealed) : undefined
  // Absent is for a list of tools, which needs none; present and wrong is never the gateway's doing.
  if (sealed !== undefined && !opened)
    throw new AppError('unauthorized', 'The credentials are not from this gateway.')
  return opened ?? {}
}

const healthOf = (service: Service): HostHealth => ({
  service: service.name,
  status: service.tools.length === 0 ? 'planned' : 'healthy',
  tools: service.tools.length,
  pid: process.pid,
})

const sendError = (
  response: ServerResponse,
  error: AppError | undefined,
  requestId: string,
): void => {
  const { code = 'internal', message = 'The host failed.', status = 500 } = error ?? {}
  response.setHeader('x-request-id', requestId)
  sendJson(response, status, { error: { code, message, requestId } })
}
