import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import httpProxy from 'http-proxy'
import { AppError } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'
import { stripInternal } from './headers.ts'

export type Forward = {
  /** Sends a request, whose URL and headers are as the host shall see them, to a static port. */
  send: (request: IncomingMessage, response: ServerResponse, port: number) => Promise<void>
  close: () => void
}

/** Connections to hosts that are kept open; a host serves many services, each has its own port. */
const MAX_FREE_SOCKETS = 256
/** Below the hosts' keep-alive time, so that the gateway closes first and no request meets a closing connection. */
const IDLE_MS = 60_000

const HOST = '127.0.0.1'

/** The door to http-proxy. */
export const createForward = (): Forward => {
  const agent = new Agent({
    keepAlive: true,
    maxFreeSockets: MAX_FREE_SOCKETS,
    timeout: IDLE_MS, // ends free connections only; one in use merely emits an event
  })
  const proxy = httpProxy.createProxyServer({ agent, xfwd: false, changeOrigin: false })
  proxy.on('proxyReq', prepareRequest)
  proxy.on('proxyRes', prepareAnswer)
  return {
    send: (request, response, port) =>
      new Promise((resolve, reject) => {
        if (response.destroyed) {
          resolve()
          return
        }
        response.once('close', resolve)
        const framing = framingOf(request)
        const target = { host: HOST, port }
        const options = { target, toProxy: true, headers: framing, ...loopbackSource(HOST) }
        proxy.web(request, response, options, (error) => {
          // A client that left is nobody's failure.
          if (response.destroyed) resolve()
          else reject(new AppError('service_unavailable', 'The service does not answer right now; try again in a moment.', { cause: error })) // prettier-ignore
        })
      }),
    close: () => {
      proxy.close()
      agent.destroy()
    },
  }
}

/** How a body of unknown length is told from the next request. */
const framingOf = ({ headers }: IncomingMessage): Record<string, string> => {
  const encoding = headers['transfer-encoding']
  return encoding === undefined ? {} : { 'transfer-encoding': encoding }
}

/** Runs before the headers go out. */
const prepareRequest = (
  outgoing: ClientRequest,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  // http-proxy gives DELETE and OPTIONS without a length the length 0, and sends the chunked body all the same: the host
  // would take the body for the next request (RFC 9112 §6.1, §11.2).
  if (outgoing.hasHeader('transfer-encoding')) outgoing.removeHeader('content-length')
  // It also joins adjacent slashes.
  outgoing.path = request.url ?? '/'
  // It notices a client that leaves only while the request's body is under way.
  const endWithClient = () => {
    if (!response.writableFinished) outgoing.destroy()
  }
  if (response.destroyed) endWithClient()
  else response.once('close', endWithClient)
}

/** Runs before http-proxy copies status and headers; its next tick before they go out. */
const prepareAnswer = (
  answer: IncomingMessage,
  _request: IncomingMessage,
  response: ServerResponse,
): void => {
  stripInternal(answer.headers)
  process.nextTick(() => {
    if (response.headersSent) return
    // They are of the host's connection, not of the client's (RFC 9110 §7.6.1).
    response.setHeader('connection', response.shouldKeepAlive ? 'keep-alive' : 'close')
    response.removeHeader('keep-alive')
    // Node sends headers with the first bytes of a body, but the first event of a stream may be far away.
    if (answer.headers['content-type']?.startsWith('text/event-stream')) response.flushHeaders()
  })
  // A pipe that breaks leaves its target open.
  answer.once('close', () => {
    if (!answer.complete) response.destroy()
  })
}
