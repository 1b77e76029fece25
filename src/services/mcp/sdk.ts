import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ListToolsResult,
  type McpHttpHandler,
} from '@modelcontextprotocol/server'
import type { Service } from '../../model/service.ts'
import { MAX_BODY_BYTES } from './body.ts'
import { callTool } from './call.ts'
import { leaving } from './leaving.ts'
import type { McpExchange } from './mcp-exchange.ts'
import { describeServer, LIST_SCOPE, LIST_TTL_MS } from './prepared.ts'
import type { StopSignal } from './stop-signal.ts'
import { listTools } from './tools.ts'
import { reportUsage } from './usage.ts'

/** One handler per service; it holds no state between requests. */
const handlers = new WeakMap<Service, McpHttpHandler>()

/** Answers by the SDK: what is rare, and all that is wrong. */
export const serveBySdk = async (exchange: McpExchange, body: Buffer): Promise<void> => {
  const { service, request, response } = exchange
  const handler = handlers.get(service) ?? createHandler(service)
  handlers.set(service, handler)
  const authInfo = { token: '', clientId: '', scopes: [], extra: { exchange } }
  const webRequest = toWebRequest(request, body, abortSignal(leaving(response)))
  const answer = await handler.fetch(webRequest, { authInfo })
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (!answer.body) {
    response.end()
    return
  }
  response.flushHeaders()
  // A client that leaves in the middle is no failure of ours.
  await pipeline(Readable.fromWeb(answer.body), response).catch(() => undefined)
}

const createHandler = (service: Service): McpHttpHandler =>
  createMcpHandler(({ authInfo }) => createServer(service, authInfo?.extra?.['exchange']), {
    maxRequestBodySize: MAX_BODY_BYTES,
  })

// The low-level server is the one that takes tools as JSON Schema, as the configs have them.
/* eslint-disable @typescript-eslint/no-deprecated */
const createServer = (service: Service, extra: unknown): Server => {
  const exchange = extra as McpExchange
  const { credentials, upstream, span } = exchange
  const { info, capabilities, instructions = '' } = describeServer(service)
  const hint = { ttlMs: LIST_TTL_MS, cacheScope: LIST_SCOPE } as const
  const cacheHints = { 'tools/list': hint, 'server/discover': hint }
  const server = new Server(info, { capabilities, instructions, cacheHints })
  server.setRequestHandler(
    'tools/list',
    () => ({ tools: listTools(service) }) as unknown as ListToolsResult,
  )
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    const called = await callTool({
      service,
      tool: params.name,
      args: params.arguments ?? {},
      credentials,
      upstream,
      signal: mcpReq.signal,
      span,
    })
    if (called) reportUsage(exchange, called.usage)
    if (called) return called.result
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `${service.name} has no tool "${params.name}"; tools/list names them.`,
    )
  })
  return server
}
/* eslint-enable @typescript-eslint/no-deprecated */

/** The SDK wants a real one. */
const abortSignal = (stop: StopSignal): AbortSignal => {
  const controller = new AbortController()
  const leave = () => controller.abort(stop.reason)
  if (stop.aborted) leave()
  else stop.addEventListener('abort', leave)
  return controller.signal
}

const toWebRequest = (request: IncomingMessage, body: Buffer, signal: AbortSignal): Request => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  return new Request(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`, {
    method: request.method ?? 'POST',
    headers,
    signal,
    ...(request.method === 'POST' ? { body: new Uint8Array(body) } : {}),
  })
}
