import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { json, Router, type Request, type RequestHandler, type Response } from 'express'
import { AppError } from '../../base/errors.ts'
import type { RecordAudit } from '../../model/audit.ts'
import type { Caller } from './access.ts'
import type { Answer, Route } from './route.ts'

/** The longest credentials fit well into it. */
const MAX_BODY = '64kb'

/** @throws AppError `unauthorized`, `too_many_requests`; undefined when no token came */
export type FindCaller = (request: Request) => Promise<Caller | undefined>

type MountNeeds = { findCaller: FindCaller; recordAudit: RecordAudit }

/** Declared routes as express runs them: who calls, may they, the body, the work. Nobody's body is read before that. */
export const mountRoutes = (routes: readonly Route[], needs: MountNeeds): Router => {
  const router = Router({ caseSensitive: true })
  for (const route of routes) {
    const body = route.body === undefined ? [] : [refuseOtherBodies, json({ limit: MAX_BODY })]
    router[route.method](
      route.path,
      admit(route, needs.findCaller),
      ...body,
      work(route, needs.recordAudit),
    )
  }
  return router
}

const admit =
  (route: Route, findCaller: FindCaller): RequestHandler =>
  async (request, response, next) => {
    const caller = route.access.name === 'open' ? undefined : await findCaller(request)
    route.access.admit(caller, isLocal(request))
    response.locals['caller'] = caller
    next()
  }

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])
/** What a proxy on this machine says of somebody who is elsewhere. */
const PROXIED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] // prettier-ignore

const isLocal = ({ socket, headers }: Request): boolean =>
  LOOPBACK.has(socket.remoteAddress ?? '') && PROXIED.every((name) => headers[name] === undefined)

/** Without this a body whose type is forgotten would count as empty, and its fields as missing. */
const refuseOtherBodies: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') !== false) next()
  else
    throw new AppError('unsupported_media_type', 'Send the body as JSON, with content-type: application/json.') // prettier-ignore
}

const work =
  (route: Route, recordAudit: RecordAudit): RequestHandler =>
  async (request, response) => {
    const caller = response.locals['caller'] as Caller | undefined
    const { params, query, body } = request as { params: unknown; query: unknown; body: unknown }
    const requestId = String(request.headers['x-request-id'])
    const lastEventId = request.get('last-event-id')
    const from = { address: request.ip ?? '', isLocal: isLocal(request) }
    const accept = request.headers.accept ?? ''
    const origin = { caller, ...from, accept, requestId, lastEventId }
    const { audited, ...answer } = await route.answer({ caller, params, query, body, origin })
    if (audited) await recordAudit({ ...audited, actor: actorOf(caller), from: origin.address })
    if (answer.stream) await sendStream(response, route, { ...answer, stream: answer.stream })
    else sendAnswer(response, route, answer)
  }

const actorOf = (caller: Caller | undefined): string => {
  if (caller === undefined) return 'nobody'
  return caller.kind === 'admin' ? 'admin' : `user:${caller.userId}`
}

const sendAnswer = (response: Response, route: Route, answer: Answer): void => {
  response.status(answer.status).set({ ...answer.headers })
  if (answer.body === undefined) {
    response.end()
    return
  }
  if (answer.csv !== undefined) return void response.type('text/csv').send(answer.csv)
  const contentType = route.answers[answer.status]?.contentType ?? 'application/json'
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
  // With an ETag express answers If-None-Match itself (RFC 9110 §13.1.2).
  if (route.etag) response.set({ etag: etagOf(text), 'cache-control': 'private, no-cache' })
  response.type(contentType).send(text)
}

/** As fast as the client reads; its leaving ends the source. */
const sendStream = async (
  response: Response,
  route: Route,
  { status, headers, stream }: Answer & { stream: AsyncIterable<string> },
): Promise<void> => {
  const contentType = route.answers[status]?.contentType ?? 'text/plain'
  // Proxies that would wait for the end are asked not to.
  response
    .status(status)
    .type(contentType)
    .set({ ...headers, 'x-accel-buffering': 'no' })
  response.flushHeaders()
  await pipeline(Readable.from(stream, { highWaterMark: 1 }), response).catch(() => undefined)
}

const etagOf = (text: string): string =>
  `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
