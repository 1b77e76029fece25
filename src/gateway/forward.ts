import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { AppError } from '../base/errors.ts'
import { isEventStream } from './admission.ts'
import { createAnswerDeadline } from './answer-deadline.ts'
import { createAttempts } from './attempts.ts'
import { createBreaker, type BreakerOptions } from './breaker.ts'
import type { Call } from './call.ts'
import { headLines } from './front/answer-text.ts'
import { canConnect } from './http1/connection.ts'
import { createConnections } from './http1/connections.ts'
import type { Passage } from './passage.ts'
import type { Exchange } from './relay.ts'
import { createUpgrades, type Upgrade } from './upgrades.ts'
import { Upload } from './upload.ts'

export type Forward = {
  /**
   * Sends a request to a static port; resolves when its answer is through, or the client gone.
   * @throws AppError `service_unavailable` while nothing of an answer has gone out
   */
  send: (call: Call, to: Passage) => Promise<void>
  /** The same for a request that wants another protocol on its connection (RFC 9110 §7.8). */
  upgrade: (request: IncomingMessage, socket: Socket, to: Upgrade) => Promise<void>
  /** Why a service cannot be used now. */
  refusal: (service: string) => AppError
  close: () => void
}

/** The way to the hosts. Plain requests take the lean one of `http1/`, upgrades go through http-proxy. */
export const createForward = (
  options: BreakerOptions & { answerMs?: number | undefined },
): Forward => {
  const connections = createConnections()
  const breaker = createBreaker(options)
  const attempts = createAttempts({ connections, breaker, patienceMs: options.patienceMs })
  const upgrades = createUpgrades()
  const deadline = createAnswerDeadline(options.answerMs)

  return {
    send: async (call, to) => {
      if (call.reply.isClosed()) return
      const exchange: Exchange = {
        call,
        makeHead: () => headText(call, to),
        ownHeaders: to.answerHeaders,
        upload: call.body && new Upload(call.body, to.maxBodyBytes),
        // MCP's stream from server to client begins with its first event, whenever that comes.
        deadline: isEventStream(call) ? undefined : deadline,
        onReached: () => breaker.noteReached(to.service),
        onKeyRefused: to.onKeyRefused,
      }
      const tried = await attempts.first(exchange, to)
      if (tried.outcome.kind !== 'answered') await attempts.repeat(exchange, to, tried)
    },
    upgrade: async (request, socket, to) => {
      if (!(await canConnect(to.port))) await breaker.waitFor(to.service, to.port)
      if (!socket.destroyed) await upgrades.pass(request, socket, to)
    },
    refusal: breaker.refusal,
    close: () => {
      upgrades.close()
      connections.close()
    },
  }
}

const headText = ({ method }: Call, to: Passage): string =>
  `${method} ${to.path} HTTP/1.1\r\n${headLines(to.makeHeaders())}connection: keep-alive\r\n\r\n`
