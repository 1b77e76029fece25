import { randomUUID } from 'node:crypto'
import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, systemCodeOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { findListener } from '../base/proc.ts'
import type { Call } from './call.ts'
import { drain } from './drain.ts'
import { refuseBytes, sendErrorTo } from './errors.ts'
import { KEEP_ALIVE_MS } from './front/answer-text.ts'
import { findFault, findNodeFault, type CheckHost } from './faults.ts'
import { createDoor } from './front/door.ts'
import type { Slowness } from './front/exchange.ts'
import { takeConnections } from './front/node-server.ts'
import type { Gateway } from './gateway.ts'
import { serverCall } from './server-call.ts'

export type ServerOptions = {
  host: string
  port: number
  gateway: Gateway
  /** Everything that is not an instance URL. */
  api: (request: IncomingMessage, response: ServerResponse) => void
  checkHost: CheckHost
  /** How long a client may take to send a request; default 15 s and 120 s. */
  slowness?: Slowness
}

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
  /** @returns false for what is for the API */
  const serve = (call: Call, refused: AppError | undefined): boolean => {
    if (refused) call.reply.refuse(refused)
    return refused !== undefined || options.gateway.handle(call)
  }
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = randomUUID()
    request.headers['x-request-id'] = requestId
    underWay.set(request.socket, response)
    // A client that was refused before it sent its body may send it all the same, or not (RFC 9110 §10.1.1); and where the
    // body of a faulty request ends, is as doubtful as the rest of it.
    const fault = findNodeFault(options.checkHost, request)
    if (isDraining || fault || request.headers.expect !== undefined)
      response.shouldKeepAlive = false
    if (!serve(serverCall(request, response, requestId), fault)) {
      // The gateway lets a client wait with its body until a host takes it, the API does not.
      if (request.headers.expect !== undefined) response.writeContinue()
      options.api(request, response)
    }
  }
  // The answer that each connection waits for.
  const underWay = new WeakMap<Socket, ServerResponse>()
  // A request without a Host is checkHost's to refuse, and one with a strange Expect may be answered (RFC 9110 §10.1.1):
  // Node's own answers would carry no request id.
  const { checkHost, slowness = SLOWNESS } = options
  const server = createServer({ ...settingsFor(slowness), IncomingMessage: Incoming }, answer)
  server.on('checkContinue', answer)
  server.on('checkExpectation', answer)
  server.on('clientError', (error, socket: Socket) => {
    // What would be added to an answer under way, its client would take for a part of it.
    if (underWay.get(socket)?.headersSent && !underWay.get(socket)?.writableFinished)
      socket.destroy()
    else refuseBytes(error, socket)
  })
  server.on('upgrade', createUpgrade(options))
  const door = createDoor({
    slowness,
    serve: (call) => serve(call, findFault(checkHost, call.target, call.headers)),
    handOver: (socket, bytes) => giveToNode(socket, bytes),
    isDraining: () => isDraining,
  })
  const giveToNode = takeConnections(server, door.take)
  return {
    name: 'server',
    start: () => listen(server, options),
    stop: async () => {
      if (!server.listening) return
      isDraining = true
      await drain(server, [door, { closeAll: options.gateway.close }])
    },
  }
}

/** Answers who wants another protocol on its connection. */
const createUpgrade =
  (options: ServerOptions) =>
  (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    socket.on('error', () => undefined) // its end is noticed by its close
    const requestId = randomUUID()
    const error = findNodeFault(options.checkHost, request)
    if (error) sendErrorTo(socket, error, requestId)
    else if (!options.gateway.upgrade(request, socket, { requestId, head }))
      sendErrorTo(
        socket,
        new AppError('not_found', 'There is nothing to upgrade to here.'),
        requestId,
      )
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

const listen = async (server: Server, { host, port }: ServerOptions): Promise<void> => {
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
