import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import {
  CREDENTIALS_HEADER,
  MAX_HEADER_BYTES,
  sealForHost,
  type Credentials,
} from '../model/host-credentials.ts'
import { parseInstancePath, type InstanceRoute } from '../model/instance.ts'
import {
  authenticateInstance,
  malformedRoute,
  type AuthenticateNeeds,
  type GatewayInstance,
} from './authenticate.ts'
import { sendError } from './errors.ts'
import { createForward } from './forward.ts'
import { createGuard } from './guard.ts'
import { bearerOf, requestHeaders } from './headers.ts'
import { createInstanceCache } from './instance-cache.ts'

export type GatewayNeeds = AuthenticateNeeds & {
  /** @throws AppError when the sealed record does not open */
  openCredentials: (instance: GatewayInstance) => Credentials
  /** The static port of a service that runs here. */
  portOf: (service: string) => number | undefined
  hostKey: Buffer
  log: Log
}

export type Gateway = {
  /** @returns false when the request's path does not look like that of an instance URL */
  handle: (request: IncomingMessage, response: ServerResponse, requestId: string) => boolean
  /** An instance changed or is gone: what is remembered of it counts no more. */
  forget: (handle: string) => void
  /** Any instance may have changed. */
  flush: () => void
  close: () => void
}

type Route = InstanceRoute & { requestId: string }

/** Paths that are instance URLs, or were meant to be. */
const INSTANCE_LIKE = /^\/[^/?]*_user_/i

/** The way of a user's request: route, authenticate, open and seal the credentials, forward. */
export const createGateway = (needs: GatewayNeeds): Gateway => {
  const cache = createInstanceCache(needs)
  const guard = createGuard()
  const forward = createForward()
  const lookups = { findInstance: cache.findInstance, identifyUser: needs.identifyUser }

  const pass = async (request: IncomingMessage, response: ServerResponse, route: Route) => {
    const bearer = bearerOf(request.headers)
    const instance = await authenticateInstance(lookups, route, bearer).catch((error: unknown) => {
      throw guard.judge(addressOf(request), error)
    })
    const port = needs.portOf(instance.service)
    if (port === undefined)
      throw new AppError('service_unavailable', `${instance.service} does not run here right now.`)
    const own = {
      host: `127.0.0.1:${port}`,
      'x-request-id': route.requestId,
      [CREDENTIALS_HEADER]: sealFor(port, instance),
    }
    request.url = route.rest
    request.headers = requestHeaders(request.headers, own)
    response.setHeader('x-request-id', route.requestId)
    response.setHeader('x-accel-buffering', 'no')
    await forward.send(request, response, port)
  }

  const sealFor = (port: number, instance: GatewayInstance): string => {
    const { service } = instance
    const sealed = sealForHost(needs.hostKey, { service, port }, cache.credentialsOf(instance))
    if (sealed.length <= MAX_HEADER_BYTES) return sealed
    throw new AppError(
      'credentials_invalid',
      `The credentials of ${service} are too large to be used.`,
    )
  }

  return {
    handle: (request, response, requestId) => {
      const url = request.url ?? '/'
      const found = parseInstancePath(url)
      if (!found && !INSTANCE_LIKE.test(url)) return false
      const route = { ...(found ?? malformedRoute(url)), requestId }
      pass(request, response, route).catch((error: unknown) =>
        fail(needs.log, response, { route, error }),
      )
      return true
    },
    forget: cache.forget,
    flush: cache.flush,
    close: forward.close,
  }
}

const fail = (
  log: Log,
  response: ServerResponse,
  { route, error }: { route: Route; error: unknown },
) => {
  const known = error instanceof AppError ? error : new AppError('internal', 'The gateway failed.')
  if (known.status >= 500)
    log.error('request failed', { ...route, secret: undefined, rest: undefined, error })
  sendError(response, known, route.requestId)
}

const addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? ''
