import type { GatewayInstance } from './authenticate.ts'
import type { Asked, Ending } from './call.ts'
import { whenThere, type Soon } from '../base/soon.ts'
import { headerOf } from './headers.ts'
import { completeLimits, type Limits, type ServiceLimits } from './limits.ts'
import { createOpenRequests } from './open-requests.ts'
import { createRates, type TakeShared } from './rates.ts'
import { readToolReport } from './tool-usage.ts'
import type { RequestTrace } from './request-trace.ts'
import { tooLarge } from './upload.ts'
import type { Passed } from './usage-counters.ts'

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

/** A request, and how it ends. */
export type Admitted = {
  request: Asked
  requestId: string
  ending: Ending
  /** Its connection gets another protocol. */
  isUpgrade: boolean
  /** Undefined: it is not traced. */
  trace: RequestTrace | undefined
}

/** Lets authenticated requests in within the limits of their service, and counts them. */
export const createAdmission = (options: AdmissionOptions) => {
  const { limitsOf = () => undefined, share = 1, maxOpen = Infinity, countUsage } = options
  const rates = createRates(options)
  const open = createOpenRequests(maxOpen)
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
  return (instance: GatewayInstance, admitted: Admitted): Soon<Limits> => {
    const startedAt = performance.now()
    const { request, ending, isUpgrade } = admitted
    const isStream = isUpgrade || isEventStream(request)
    let isOpen = false
    options.countBegin?.(instance)
    ending.onClosed = () => {
      if (isOpen) open.end(instance, isStream)
      admitted.trace?.endWith(ending)
      const called = readToolReport(ending.toolReport)
      countUsage?.(instance, {
        tool: called?.tool,
        status: ending.status(),
        isError: hasFailed(ending, isStream) || called?.ok === false,
        isStream,
        bytesIn: ending.bytesIn(),
        bytesOut: ending.bytesOut(),
        latencyMs: performance.now() - startedAt,
      })
    }
    const limits = limitsFor(instance.service)
    refuseLarge(request, limits.maxBodyBytes)
    return whenThere(rates(instance, limits), () => {
      if (!ending.isClosed()) {
        open.begin(instance, limits, isStream)
        isOpen = true
      }
      return limits
    })
  }
}

/** A stream is ended by its client, and so is a connection that has another protocol by now. */
const hasFailed = (ending: Ending, isStream: boolean): boolean =>
  ending.status() >= 400 || (!isStream && !ending.isComplete())

/** MCP's own stream from server to client (GET); an answer that is a stream ends with what it answers. */
export const isEventStream = ({ method, headers, notes }: Asked): boolean =>
  (notes.isEventStream ??=
    method === 'GET' && (headerOf(headers, 'accept') ?? '').includes('text/event-stream'))

const refuseLarge = ({ headers }: Asked, maxBytes: number): void => {
  if (Number(headerOf(headers, 'content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
}
