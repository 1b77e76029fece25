import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { orThrow, whenThere, type Soon } from '../base/soon.ts'
import type { Credentials } from '../model/host-credentials.ts'
import { parseInstancePath, type InstanceRoute } from '../model/instance.ts'
import type { BeginTrace } from '../model/span.ts'
import {
  authenticateInstance,
  malformedRoute,
  type AuthenticateNeeds,
  type GatewayInstance,
  type InstanceClaim,
} from './authenticate.ts'
import {
  createAdmission,
  isEventStream,
  type AdmissionOptions,
  type Admitted,
} from './admission.ts'
import type { ServiceState } from './breaker.ts'
import type { Asked, Call } from './call.ts'
import { sendErrorTo } from './errors.ts'
import { createForward, type Forward } from './forward.ts'
import { createForwarded } from './forwarded.ts'
import { createGuard } from './guard.ts'
import { withFreshTokens } from './fresh-tokens.ts'
import { createInstanceCache } from './instance-cache.ts'
import { Passage } from './passage.ts'
import { traceRequest } from './request-trace.ts'
import { createSealing } from './sealing.ts'
import { askedOf } from './server-call.ts'
import { endingOf } from './traffic.ts'

export type GatewayNeeds = Pick<AuthenticateNeeds, 'identifyUser'> &
  AdmissionOptions & {
    /** Asks the database. */
    findInstance: (claim: InstanceClaim) => Promise<GatewayInstance | undefined>
    /** @throws AppError when the sealed record does not open */
    openCredentials: (instance: GatewayInstance) => Credentials
    /** Renews the access token of a sign-in. @throws AppError `oauth_unavailable` */
    renewToken?: (handle: string) => Promise<void>
    /** An API refused a call of this instance. */
    onKeyRefused?: (handle: string) => void
    /** The static port of a service that runs here. */
    portOf: (service: string) => number | undefined
    /** What is known of a service that does not answer. */
    stateOf?: (service: string) => ServiceState | undefined
    /** How long requests wait for a service that restarts. */
    patienceMs?: number
    /** How long a service may take until its answer begins. */
    answerMs?: number | undefined
    /** Addresses and ranges of proxies whose `Forwarded` and `X-Forwarded-*` headers count. */
    trustedProxies?: readonly string[]
    /** A request was not forwarded; for metrics. */
    countRefusal?: (code: string) => void
    /** Absent: nothing is traced. */
    beginTrace?: BeginTrace | undefined
    hostKey: Buffer
    log: Log
  }

export type Gateway = {
  /** @returns false when the request's path does not look like that of an instance URL */
  handle: (call: Call) => boolean
  /** The same for a request that wants another protocol on its connection. */
  upgrade: (request: IncomingMessage, socket: Socket, given: UpgradeGiven) => boolean
  /** An instance changed or is gone: what is remembered of it counts no more. */
  forget: (handle: string) => void
  /** There are new instances. */
  forgetAbsent: () => void
  /** Any instance may have changed. */
  flush: () => void
  close: () => void
}

/** What comes with an upgrade beside the request; `head` are the first bytes of the other protocol. */
type UpgradeGiven = { requestId: string; head: Buffer }

/** The patience is above the time that a host takes to drain, end and start again. */
const DEFAULTS = { patienceMs: 15_000, stateOf: () => undefined }

/** Paths that are instance URLs, or were meant to be. */
const INSTANCE_LIKE = /^\/[^/?]*_user_/i

/** The way of a user's request: route, authenticate, open and seal the credentials, forward. */
export const createGateway = (needs: GatewayNeeds): Gateway => {
  const { findInstance, credentialsOf, ...changes } = createInstanceCache(needs)
  const forward = createForward({ ...DEFAULTS, ...needs })
  const admit = createAdmit(needs, { findInstance, credentialsOf, refusal: forward.refusal })

  return {
    handle: (call) => {
      const route = routeOf(call)
      if (!route) return false
      const from = traced(needs, { request: call, requestId: call.id, ending: call.reply, isUpgrade: false }) // prettier-ignore
      const refuse = (error: unknown) => {
        call.reply.refuse(note(needs, { route, from }, error))
        from.trace?.endWith(call.reply)
      }
      try {
        const done = whenThere(admit(from, route), (to) => forward.send(call, to, refuse))
        if (done instanceof Promise) done.catch(refuse)
      } catch (error) {
        refuse(error)
      }
      return true
    },
    upgrade: (request, socket, { requestId, head }) => {
      const asked = askedOf(request)
      const route = routeOf(asked)
      if (!route) return false
      const ending = endingOf(socket)
      const from = traced(needs, { request: asked, requestId, ending, isUpgrade: true })
      Promise.resolve()
        .then(() => admit(from, route))
        .then((to) => forward.upgrade(request, socket, { to, head }))
        .catch((error: unknown) =>
          sendErrorTo(socket, note(needs, { route, from }, error), requestId),
        ) // prettier-ignore
        .finally(() => from.trace?.endWith(ending))
      return true
    },
    ...changes,
    close: forward.close,
  }
}

type Admit = (from: Admitted, route: InstanceRoute) => Soon<Passage>
type Behind = Pick<ReturnType<typeof createInstanceCache>, 'findInstance' | 'credentialsOf'> &
  Pick<Forward, 'refusal'>

/** Who may pass, and with what. */
const createAdmit = (
  needs: GatewayNeeds,
  { findInstance, credentialsOf, refusal }: Behind,
): Admit => {
  const guard = createGuard(needs.share)
  const enter = createAdmission(needs)
  const seal = createSealing({ hostKey: needs.hostKey, credentialsOf })
  const forwarded = createForwarded(needs.trustedProxies ?? [])
  const lookups = { ...needs, findInstance: withFreshTokens(findInstance, needs.renewToken) }
  const passages = { seal, forwarded, onKeyRefused: needs.onKeyRefused }
  return (from, route) => {
    const known = orThrow(
      () => authenticateInstance(lookups, route, from.request),
      (error) => guard.judge(forwarded.clientOf(from.request), error),
    )
    return whenThere(known, (instance) => {
      const { service } = instance
      const port = needs.portOf(service)
      from.trace?.name({ service, port, rest: route.rest, isStream: from.isUpgrade || isEventStream(from.request) }) // prettier-ignore
      return whenThere(enter(instance, from), ({ maxBodyBytes }) => {
        if (port === undefined) throw refusal(service)
        return new Passage(passages, { instance, from, port, path: route.rest, maxBodyBytes })
      })
    })
  }
}

/** The one check that a request costs when nothing is traced. */
const traced = (
  { beginTrace: begin }: GatewayNeeds,
  { request, requestId, ending, isUpgrade }: Omit<Admitted, 'trace'>,
): Admitted => {
  const trace = begin && traceRequest({ request, requestId, begin })
  return { request, requestId, ending, isUpgrade, trace }
}

const routeOf = ({ target, notes }: Asked): InstanceRoute | undefined => {
  if (notes.route === undefined)
    notes.route = parseInstancePath(target) ?? (INSTANCE_LIKE.test(target) ? malformedRoute(target) : null) // prettier-ignore
  return notes.route ?? undefined
}

/** Of a request, for the log: never its secret, nor its query. */
type Failed = { route: InstanceRoute; from: Admitted }

/** What to answer to a failed request. A service that is down is noted once, not with every request. */
const note = (
  { log, countRefusal }: GatewayNeeds,
  { route: { handle, service }, from: { requestId, trace } }: Failed,
  error: unknown,
): AppError => {
  const known = error instanceof AppError ? error : new AppError('internal', 'The gateway failed.')
  countRefusal?.(known.code)
  trace?.fail(known)
  const isKnownOutage = known.code === 'service_unavailable' && known.cause === undefined
  if (known.status >= 500 && !isKnownOutage)
    log.error('request failed', {
      handle,
      service,
      requestId,
      ...(trace && { traceId: trace.traceId }),
      error,
    })
  return known
}
