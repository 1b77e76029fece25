import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { AppError } from '../base/errors.ts'
import { isEventStream } from './admission.ts'
import { createAttempts } from './attempts.ts'
import { createBreaker, type BreakerOptions } from './breaker.ts'
import type { Call } from './call.ts'
import { canConnect } from './http1/connection.ts'
import { createConnections } from './http1/connections.ts'
import type { Passage } from './passage.ts'
import type { Exchange } from './relay.ts'
import { createUpgrades, type Upgrade } from './upgrades.ts'
import { Upload } from './upload.ts'

export type Forward = {
  /**
   * Sends a request to a static port.
   * @param fail called when that fails while nothing of an answer has gone out; AppError `service_unavailable`
   */
  send: (call: Call, to: Passage, fail: (error: unknown) => void) => void
  /** The same for a request that wants another protocol on its connection (RFC 9110 §7.8). */
  upgrade: (request: IncomingMessage, socket: Socket, upgrade: Upgrade) => Promise<void>
  /** Why a service cannot be used now. */
  refusal: (service: string) => AppError
  close: () => void
}

/** The way to the hosts. Plain requests take the lean one of `http1/`, upgrades go through http-proxy. */
export const createForward = (
  options: BreakerOptions & { answerMs?: number | undefined },
): Forward => {
  const connections = createConnections(options.answerMs)
  const breaker = createBreaker(options)
  const attempts = createAttempts({ connections, breaker, patienceMs: options.patienceMs })
  const upgrades = createUpgrades()

  return {
    send: (call, to, fail) => {
      if (call.reply.isClosed()) return
      const exchange: Exchange = {
        call,
        to,
        upload: call.body && new Upload(call.body, to.maxBodyBytes),
        // MCP's stream from server to client begins with its first event, whenever that comes.
        isPatient: isEventStream(call),
        noteReached: breaker.noteReached,
      }
      attempts.first(exchange, (tried) => void attempts.repeat(exchange, tried).catch(fail))
    },
    upgrade: async (request, socket, upgrade) => {
      const { port, service } = upgrade.to
      if (!(await canConnect(port))) await breaker.waitFor(service, port)
      if (!socket.destroyed) await upgrades.pass(request, socket, upgrade)
    },
    refusal: breaker.refusal,
    close: () => {
      upgrades.close()
      connections.close()
    },
  }
}
