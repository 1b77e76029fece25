import { randomUUID } from 'node:crypto'
import { createServer, IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, systemCodeOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { findListener } from '../base/proc.ts'
import { drain } from './drain.ts'
import { refuseBytes, sendError, sendErrorTo } from './errors.ts'
import type { Gateway } from './gateway.ts'

export type ServerOptions = {
  host: string
  port: number
  gateway: Gateway
  /** Everything that is not an instance URL. */
  api: (request: IncomingMessage, response: ServerResponse) => void
  /** Throws for a `Host` or `Origin` that is not ours. */
  checkHost: (headers: IncomingMessage['headers']) => void
  /** How long a client may take to send a request; default 15 s and 120 s. */
  slowness?: Slowness
}

/** Until the headers of a request are there, and until all of it is; it is answered 408 then. */
export type Slowness = { headersMs: number; requestMs: number }

/** Above that of the proxies that may stand in front: they close first, and no request meets a closing connection. */
const KEEP_ALIVE_MS = 75_000

const SLOWNESS: Slowness = { headersMs: 15_000, requestMs: 120_000 }

/** Answers may take as long as they like. */
const settingsFor = ({ headersMs, requestMs }: Slowness) => ({
  requireHostHeader: false,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  connectionsCheckingInterval: headersMs / 3,
})

/** The daemon's one port: instance URLs go to the gateway, the rest to the API. Every answer carries `x-request-id`. */
export const createFrontServer = (options: ServerOptions): Runnable => {
  let isDraining = false
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = randomUUID()
    request.headers['x-request-id'] = requestId
    underWay.set(request.socket, response)
    // A client that was refused before it sent its body may send it all the same, or not (RFC 9110 §10.1.1).
    if (isDraining || request.headers.expect !== undefined) response.shouldKeepAlive = false
    const refused = findFault(options, request)
    if (refused) sendError(response, refused, requestId)
    else if (!options.gateway.handle(request, response, requestId)) {
      // The gateway lets a client wait with its body until a host takes it, the API does not.
      if (request.headers.expect !== undefined) response.writeContinue()
      options.api(request, response)
    }
  }
  // The answer that each connection waits for.
  const underWay = new WeakMap<Socket, ServerResponse>()
  // A request without a Host is checkHost's to refuse, and one with a strange Expect may be answered (RFC 9110 §10.1.1):
  // Node's own answers would carry no request id.
  const server = createServer(
    { ...settingsFor(options.slowness ?? SLOWNESS), IncomingMessage: Incoming },
    answer,
  )
  server.on('checkContinue', answer)
  server.on('checkExpectation', answer)
  server.on('clientError', (error, socket: Socket) => {
    // What would be added to an answer under way, its client would take for a part of it.
    if (underWay.get(socket)?.headersSent && !underWay.get(socket)?.writableFinished)
      socket.destroy()
    else refuseBytes(error, socket)
  })
  server.on('upgrade', (request, socket: Socket, head) => {
    socket.on('error', () => undefined) // its end is noticed by its close
    const requestId = randomUUID()
    const error = findFault(options, request)
    if (error) sendErrorTo(socket, error, requestId)
    else if (!options.gateway.upgrade(request, socket, { requestId, head }))
      sendErrorTo(
        socket,
        new AppError('not_found', 'There is nothing to upgrade to here.'),
        requestId,
      )
  })
  return {
    name: 'server',
    start: () => listen(server, options),
    stop: async () => {
      if (!server.listening) return
      isDraining = true
      await drain(server, options.gateway.close)
    },
  }
}

/** Protocols that nobody is forwarded to: HTTP/2 would carry further requests past every check. */
const NO_UPGRADE = /^\s*(?:h2c?|tls\/.*|http\/.*)?\s*$/i

/** A request whose wish for HTTP/2 is passed over, as RFC 9110 §7.8 allows: it is answered as it stands. */
class Incoming extends IncomingMessage {
  private wantsUpgrade = false

  get upgrade(): boolean {
    return (
      this.wantsUpgrade &&
      !(this.headers.upgrade ?? '').split(',').every((name) => NO_UPGRADE.test(name))
    )
  }

  set upgrade(wants: boolean | null) {
    this.wantsUpgrade = wants === true
  }
}

const findFault = ({ checkHost }: ServerOptions, request: IncomingMessage) => {
  const { url, headers } = request
  // RFC 9112 §3.2: of two, one reader might take the first and another the second.
  if (hasTwoHosts(request))
    return new AppError('invalid_request', 'There is more than one Host header.', { status: 400 })
  try {
    checkHost(headers)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  // Of the other forms of a target (RFC 9112 §3.2), proxies take the absolute one and `OPTIONS *` asks about the server.
  if (url?.startsWith('/') || url === '*') return undefined
  return new AppError('invalid_request', 'The request target must be a path.', { status: 400 })
}

const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean => {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count > 1
}

const listen = async (
  server: ReturnType<typeof createServer>,
  { host, port }: ServerOptions,
): Promise<void> => {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, resolve)
    })
  } catch (cause) {
    if (systemCodeOf(cause) !== 'EADDRINUSE') throw cause
    const holder = findListener(port)
    const who = holder ? ` by pid ${holder.pid} (${holder.command})` : ''
    throw new AppError('config_invalid', `Port ${port} is taken${who}. End that, or set PORT.`, {
      cause,
    })
  }
}
