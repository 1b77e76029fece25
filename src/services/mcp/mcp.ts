import type { IncomingMessage, ServerResponse } from 'node:http'
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
import type { Credentials } from '../../model/host-credentials.ts'
import type { Service } from '../../model/service.ts'
import { readBody } from './body.ts'
import { callTool } from './call.ts'
import { listTools } from './tools.ts'
import type { Upstream } from './upstream.ts'

type McpExchange = {
  service: Service
  request: IncomingMessage
  response: ServerResponse
  credentials: Credentials
  upstream: Upstream
}

/** One handler per service; it holds no state between requests, so nothing is lost when the host restarts. */
const handlers = new WeakMap<Service, McpHttpHandler>()

/** Serves MCP streamable HTTP: the stateless revision of 2026-07-28 and the older ones, from one URL. */
export const serveMcp = async (exchange: McpExchange): Promise<void> => {
  const { service, request, response, credentials, upstream } = exchange
  let handler = handlers.get(service)
  if (!handler) {
    handler = createMcpHandler(({ authInfo }) =>
      createServer(service, upstream, authInfo?.extra?.['credentials']),
    )
    handlers.set(service, handler)
  }
  const aborted = new AbortController()
  response.once('close', () => aborted.abort())
  const authInfo = { token: '', clientId: '', scopes: [], extra: { credentials } }
  const answer = await handler.fetch(await toWebRequest(request, aborted.signal), { authInfo })
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (!answer.body) {
    response.end()
    return
  }
  response.flushHeaders()
  // A client that leaves in the middle is no failure of ours.
  await pipeline(Readable.fromWeb(answer.body), response).catch(() => undefined)
}

// The low-level server is the one that takes tools as JSON Schema, as the configs have them.
/* eslint-disable @typescript-eslint/no-deprecated */
const createServer = (service: Service, upstream: Upstream, credentials: unknown): Server => {
  const server = new Server(
    { name: service.name, title: service.displayName, version: service.api.version || '1' },
    { capabilities: { tools: {} }, instructions: service.description },
  )
  server.setRequestHandler(
    'tools/list',
    () => ({ tools: listTools(service) }) as unknown as ListToolsResult,
  )
  server.setRequestHandler('tools/call', async ({ params }) => {
    const result = await callTool({
      service,
      tool: params.name,
      args: params.arguments ?? {},
      credentials: credentials as Credentials,
      upstream,
    })
    if (result) return result
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `${service.name} has no tool "${params.name}"; tools/list names them.`,
    )
  })
  return server
}
/* eslint-enable @typescript-eslint/no-deprecated */

const toWebRequest = async (request: IncomingMessage, signal: AbortSignal): Promise<Request> => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD'
  return new Request(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`, {
    method: request.method ?? 'GET',
    headers,
    signal,
    ...(hasBody ? { body: new Uint8Array(await readBody(request)) } : {}),
  })
}
