import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import httpProxy from 'http-proxy'
import { AppError } from '../base/errors.ts'
import { loopbackSource } from '../base/loopback.ts'
import { recordOf, stripInternal } from './headers.ts'
import { HOST } from './http1/connection.ts'
import type { Passage } from './passage.ts'

export type Upgrade = {
  to: Passage
  /** What of the other protocol came with the request. */
  head: Buffer
}

/** The door to http-proxy, which carries connections that change their protocol. */
export const createUpgrades = () => {
  const proxy = httpProxy.createProxyServer({ xfwd: false, changeOrigin: false })
  allowEveryProtocol(proxy)
  const open = new Set<Duplex>()

  return {
    /**
     * Resolves when the connection is closed.
     * @throws AppError `service_unavailable` while nothing has been answered
     */
    pass: (request: IncomingMessage, socket: Socket, { to, head }: Upgrade): Promise<void> =>
      new Promise((resolve, reject) => {
        let hasAnswered = false
        open.add(socket)
        socket.once('close', () => {
          open.delete(socket)
          resolve()
        })
        const watch = (outgoing: ClientRequest, of: IncomingMessage) => {
          if (of !== request) return
          proxy.off('proxyReqWs', watch)
          prepare(outgoing, { socket, to, onAnswer: () => (hasAnswered = true) })
        }
        proxy.on('proxyReqWs', watch)
        const { connection = '', upgrade = '' } = request.headers
        request.url = to.path
        request.headers = { ...recordOf(to.upgradeHeaders()), connection, upgrade }
        const options = {
          target: { host: HOST, port: to.port },
          toProxy: true,
          ...loopbackSource(HOST),
        }
        proxy.ws(request, socket, head, options, (cause) => {
          if (hasAnswered || socket.destroyed) socket.destroy()
          else reject(new AppError('service_unavailable', `${to.service} does not answer right now; try again in a moment.`, { cause })) // prettier-ignore
        })
      }),
    close: (): void => {
      for (const socket of open) socket.destroy()
      proxy.close()
    },
  }
}

/** http-proxy lets WebSockets through alone, and ends the connection of everything else. */
const allowEveryProtocol = (proxy: httpProxy): void => {
  const passes = Reflect.get(proxy, 'wsPasses') as { name: string }[]
  const others = passes.filter(({ name }) => name !== 'checkMethodAndHeader')
  Reflect.set(proxy, 'wsPasses', others)
}

type Watched = { socket: Socket; to: Passage; onAnswer: () => void }

/** Runs before the request goes out. */
const prepare = (outgoing: ClientRequest, { socket, to, onAnswer }: Watched): void => {
  outgoing.path = to.path // http-proxy joins adjacent slashes
  const leave = () => outgoing.destroy()
  socket.once('close', leave)
  // Both before http-proxy copies the headers.
  outgoing.on('response', ({ headers }) => {
    onAnswer()
    finishHeaders(headers, to)
    // It hands on the bytes of the body alone, and closes behind them.
    delete headers['transfer-encoding']
    headers.connection = 'close'
  })
  outgoing.on('upgrade', ({ headers }, hostSocket: Socket) => {
    onAnswer()
    finishHeaders(headers, to)
    socket.off('close', leave)
    // A pipe ends its target when its source ends, but not when that breaks.
    socket.once('close', () => hostSocket.destroy())
    hostSocket.once('close', () => socket.destroySoon())
  })
}

const finishHeaders = (headers: IncomingMessage['headers'], { answerHeaders }: Passage): void => {
  stripInternal(headers)
  delete headers['keep-alive']
  for (let index = 0; index < answerHeaders.length; index += 2)
    headers[answerHeaders[index] ?? ''] = answerHeaders[index + 1]
}
