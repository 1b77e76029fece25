import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import httpProxy from 'http-proxy'
import { AppError } from '../../base/errors.ts'
import { loopbackSource } from '../../base/loopback.ts'
import type { Forwarded } from '../forwarded.ts'
import { recordOf } from '../headers.ts'
import { askedOf } from '../server-call.ts'

/** Header names and values that are added to an answer. */
export type Added = Readonly<Record<string, string>>

export type OldServer = {
  /**
   * Resolves when the answer is through or the client gone.
   * @throws AppError `service_unavailable` while nothing of an answer has gone out
   */
  send: (request: IncomingMessage, response: ServerResponse, added: Added) => Promise<void>
  /** The same for a request that wants another protocol on its connection. */
  upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => Promise<void>
  close: () => void
}

/** This gateway in `Via` (RFC 9110 §7.6.3), by which it knows a request that it has sent itself. */
export const VIA = '1.1 berth-gateway'

/** An answer that has been silent for so long is given up. */
const SILENCE_MS = 15 * 60_000

/**
 * The way to the old server. A request goes there as it came, since the old server alone knows what it needs; without
 * `x-berth-*`, and with what tells who sent it. What comes back to this gateway goes no second round (508). Each takes a
 * connection of its own: on one that is used again, a request may meet its end.
 */
export const createOldServer = (url: string, forwarded: Forwarded): OldServer => {
  const proxy = httpProxy.createProxyServer({
    target: url,
    changeOrigin: true,
    proxyTimeout: SILENCE_MS,
    ...loopbackSource(new URL(url).hostname),
  })
  const underWay = new WeakMap<IncomingMessage, Added>()
  const prepare = (request: IncomingMessage): void => {
    const { via } = request.headers
    if (via?.includes(VIA)) throw loop()
    const told = recordOf(forwarded.headersFor(askedOf(request)))
    const own = Object.entries(request.headers).filter(
      ([name]) => !name.startsWith('x-berth-') && name !== 'expect', // it has been answered
    )
    request.headers = { ...Object.fromEntries(own), ...told, via: via ? `${via}, ${VIA}` : VIA }
  }
  proxy.on('proxyRes', (answer, request, response) => {
    Object.assign(answer.headers, underWay.get(request))
    answer.headers.connection = response.shouldKeepAlive ? 'keep-alive' : 'close'
    // What is cut off on its way here is cut off for the client too.
    answer.once('close', () => {
      if (!answer.complete) response.destroy()
    })
  })
  return {
    send: (request, response, added) =>
      new Promise((resolve, reject) => {
        prepare(request)
        underWay.set(request, added)
        response.once('close', resolve)
        proxy.web(request, response, {}, (cause) => {
          if (response.headersSent || response.destroyed) response.destroy()
          else reject(away(cause))
        })
      }),
    upgrade: (request, socket, head) =>
      new Promise((resolve, reject) => {
        prepare(request)
        const before = socket.bytesWritten
        socket.once('close', resolve)
        proxy.ws(request, socket, head, {}, (cause) => {
          if (socket.bytesWritten > before || socket.destroyed) socket.destroy()
          else reject(away(cause))
        })
      }),
    close: () => proxy.close(),
  }
}

/** RFC 5842 §7.2 */
const loop = (): AppError =>
  new AppError('service_unavailable', 'BERTH_LEGACY_URL leads back to this gateway; set it to the old server itself.', { status: 508 }) // prettier-ignore

const away = (cause: Error): AppError =>
  new AppError('service_unavailable', 'The old server does not answer right now; try again in a moment.', { cause }) // prettier-ignore
