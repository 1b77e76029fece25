import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AppError, systemCodeOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { findListener } from '../base/proc.ts'
import { refuseBytes, sendError } from './errors.ts'
import type { Gateway } from './gateway.ts'

export type ServerOptions = {
  host: string
  port: number
  gateway: Gateway
  /** Everything that is not an instance URL. */
  api: (request: IncomingMessage, response: ServerResponse) => void
  /** Throws for a `Host` or `Origin` that is not ours. */
  checkHost: (headers: IncomingMessage['headers']) => void
}

/** How long requests under way may take at shutdown. */
const DRAIN_MS = 5_000

/** The daemon's one port: instance URLs go to the gateway, the rest to the API. Every answer carries `x-request-id`. */
export const createFrontServer = (options: ServerOptions): Runnable => {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = randomUUID()
    request.headers['x-request-id'] = requestId
    try {
      options.checkHost(request.headers)
    } catch (error) {
      if (error instanceof AppError) sendError(response, error, requestId)
      return
    }
    if (!options.gateway.handle(request, response, requestId)) options.api(request, response)
  }
  // A request without a Host is checkHost's to refuse, and one with a strange Expect may be answered (RFC 9110 §10.1.1):
  // Node's own answers would carry no request id.
  const server = createServer({ requireHostHeader: false }, answer)
  server.on('checkExpectation', answer)
  server.on('clientError', refuseBytes)
  return {
    name: 'server',
    start: () => listen(server, options),
    stop: async () => {
      if (!server.listening) return
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(timer)
      options.gateway.close()
    },
  }
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
