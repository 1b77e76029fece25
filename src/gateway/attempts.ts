import { setTimeout as delay } from 'node:timers/promises'
import { systemCodeOf } from '../base/errors.ts'
import type { Breaker } from './breaker.ts'
import type { Reply } from './call.ts'
import type { Connection } from './http1/connection.ts'
import type { Connections } from './http1/connections.ts'
import type { Passage } from './passage.ts'
import { relay, type Exchange, type Outcome } from './relay.ts'

/** How an attempt ended. */
export type Tried = {
  outcome: Outcome
  /** Whether its connection had been used before: its host may have been closing it. */
  isReused: boolean
}

type AttemptsOptions = { connections: Connections; breaker: Breaker; patienceMs: number }

type Take = (port: number) => Connection

/** RFC 9110 §9.2.2: doing them twice is doing them once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** Between two attempts at a host that says that it is about to leave. */
const PAUSE_MS = 20

/** Sends requests, and sends again those of which it is certain that a host did nothing with them. */
export const createAttempts = ({ connections, breaker, patienceMs }: AttemptsOptions) => {
  const attempt = (exchange: Exchange, take: Take, onTried: (tried: Tried) => void): void => {
    const head = exchange.to.headText()
    const connection = take(exchange.to.port)
    const { isReused } = connection
    relay(connection, { exchange, head }, (outcome) => {
      const isWhole = exchange.upload?.isComplete() ?? true
      const reusableMs = outcome.kind === 'answered' && isWhole ? outcome.reusableMs : undefined
      if (reusableMs === undefined) connection.destroy()
      else connections.release(connection, reusableMs)
      if (!isWhole && outcome.kind === 'answered') exchange.upload?.discard()
      onTried({ outcome, isReused })
    })
  }

  /** @returns when it is time for the next attempt */
  const prepare = async (outcome: Outcome, { service, port }: Passage): Promise<void> => {
    if (isRefused(outcome)) await breaker.waitFor(service, port)
    else await delay(PAUSE_MS)
  }

  return {
    /** @param onUnanswered called when the answer did not come through */
    first: (exchange: Exchange, onUnanswered: (tried: Tried) => void): void =>
      attempt(exchange, connections.take, (tried) => {
        if (tried.outcome.kind !== 'answered') onUnanswered(tried)
      }),
    /** Goes on after a failed attempt until the answer is through or the client gone. @throws AppError */
    repeat: async (exchange: Exchange, first: Tried): Promise<void> => {
      const { to } = exchange
      const { reply } = exchange.call
      const until = Date.now() + 2 * patienceMs
      for (let tried = first; tried.outcome.kind !== 'answered';) {
        if (tried.outcome.kind === 'left' || isOver(reply)) return
        if (tried.outcome.kind === 'given up') throw tried.outcome.error
        if (!mayRepeat(exchange, tried) || Date.now() > until)
          throw breaker.refusal(to.service, causeOf(tried.outcome))
        await prepare(tried.outcome, to)
        if (reply.isClosed()) return
        tried = await new Promise((resolve) => attempt(exchange, connections.open, resolve))
      }
    },
  }
}

/** Whether the client is gone, or has a part of an answer that can only be cut off. */
const isOver = (reply: Reply): boolean => {
  if (reply.hasBegun()) reply.cutOff()
  return reply.hasBegun() || reply.isClosed()
}

const isRefused = (outcome: Outcome): boolean =>
  outcome.kind === 'failed' && outcome.failure.kind === 'refused'

const causeOf = (outcome: Outcome): unknown =>
  outcome.kind === 'failed' ? (outcome.failure.cause ?? new Error('connection closed')) : undefined

/**
 * What certainly was not done may be sent again: nobody took it, or the host says so. So may what harms nobody when done
 * twice, if it met a connection that its host was closing. A new connection that is reset was not read from: a listener
 * that closes resets those that it had not accepted yet, while one that was read to the end is closed with FIN (RFC 1122
 * §4.2.2.13).
 */
const mayRepeat = ({ call, upload }: Exchange, { outcome, isReused }: Tried): boolean => {
  if (!(upload?.isRepeatable() ?? true)) return false
  if (outcome.kind === 'unprocessed' || isRefused(outcome)) return true
  if (outcome.kind !== 'failed' || outcome.failure.kind !== 'silent') return false
  return isReused ? IDEMPOTENT.has(call.method) : isReset(outcome.failure.cause)
}

const isReset = (cause: Error | undefined): boolean =>
  ['ECONNRESET', 'EPIPE'].includes(systemCodeOf(cause) ?? '')
