import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../base/errors.ts'
import type { GatewayInstance } from './authenticate.ts'
import { completeLimits, type Limits, type ServiceLimits } from './limits.ts'
import { createOpenRequests } from './open-requests.ts'
import { createRates, type TakeShared } from './rates.ts'
import { toolUsageOf } from './tool-usage.ts'
import type { Passed } from './usage.ts'

export type AdmissionOptions = {
  /** The limits of a service's config; the same object as long as it is the same config. */
  limitsOf?: ((service: string) => ServiceLimits | undefined) | undefined
  /** Counts requests of all processes together. */
  takeShared?: TakeShared | undefined
  /** This process's part of limits that it counts for itself. */
  share?: number | undefined
  /** Requests and streams that may be open at once. */
  maxOpen?: number | undefined
  /** A request of a known instance begins; each one ends in countUsage. */
  countBegin?: ((instance: GatewayInstance) => void) | undefined
  countUsage?: ((instance: GatewayInstance, passed: Passed) => void) | undefined
}

/** A request, and what ends with its answer. */
export type Admitted = { request: IncomingMessage; answer: ServerResponse | Socket }

/** Lets authenticated requests in within the limits of their service, and counts them. */
export const createAdmission = (options: AdmissionOptions) => {
  const { limitsOf = () => undefined, share = 1, maxOpen = Infinity, countUsage } = options
  const rates = createRates(options)
  const { begin } = createOpenRequests(maxOpen)
  const completed = new WeakMap<ServiceLimits, Limits>()
  const defaults = completeLimits({}, share)
  const limitsFor = (service: string): Limits => {
    const own = limitsOf(service)
    if (!own) return defaults
    const known = completed.get(own) ?? completeLimits(own, share)
    completed.set(own, known)
    return known
  }
  /** @throws AppError `too_many_requests`, `too_large`, `service_unavailable` */
  return async (instance: GatewayInstance, { request, answer }: Admitted): Promise<Limits> => {
    const startedAt = performance.now()
    const isStream = !('statusCode' in answer) || isEventStream(request)
    const { socket } = request
    const before = { read: marks.get(socket) ?? 0, written: socket.bytesWritten }
    let end: (() => void) | undefined
    options.countBegin?.(instance)
    answer.once('close', () => {
      end?.()
      marks.set(socket, socket.bytesRead)
      const called = toolUsageOf(answer)
      countUsage?.(instance, {
        tool: called?.tool,
        status: 'statusCode' in answer ? answer.statusCode : 0,
        isError: hasFailed(answer, isStream) || called?.ok === false,
        isStream,
        bytesIn: Math.max(0, socket.bytesRead - before.read),
        bytesOut: Math.max(0, socket.bytesWritten - before.written),
        latencyMs: performance.now() - startedAt,
      })
    })
    const limits = limitsFor(instance.service)
    refuseLarge(request, limits.maxBodyBytes)
    await rates(instance, limits)
    if (!answer.closed) end = begin(instance, limits, isStream)
    return limits
  }
}

/** How much of a connection was read when its last request ended. */
const marks = new WeakMap<Socket, number>()

/** A stream is ended by its client, and so is a connection that has another protocol by now. */
const hasFailed = (answer: ServerResponse | Socket, isStream: boolean): boolean =>
  'statusCode' in answer && (answer.statusCode >= 400 || (!isStream && !answer.writableFinished))

/** MCP's own stream from server to client (GET); an answer that is a stream ends with what it answers. */
const isEventStream = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' && (headers.accept ?? '').includes('text/event-stream')

const refuseLarge = ({ headers }: IncomingMessage, maxBytes: number): void => {
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

const tooLarge = (maxBytes: number): AppError =>
  new AppError('too_large', `The body is larger than ${maxBytes} bytes.`)
