import type { ErrorRequestHandler, RequestHandler } from 'express'
import { AppError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'

/** Everything that throws becomes an answer here: `{error:{code,message,requestId}}`. */
export const errorHandler =
  (log: Log): ErrorRequestHandler =>
  // express knows an error handler by its four parameters
  // eslint-disable-next-line max-params
  (error: unknown, request, response, next) => {
    const known = toAppError(error)
    const requestId = request.headers['x-request-id']
    if (known.status >= 500)
      log.error('request failed', { requestId, method: request.method, path: request.path, error })
    if (response.headersSent) {
      next(error)
      return
    }
    if (known.status === 401) response.set('www-authenticate', 'Bearer') // RFC 9110 §11.6.1
    if (known.retryAfterSeconds) response.set('retry-after', String(known.retryAfterSeconds))
    response
      .status(known.status)
      .json({ error: { code: known.code, message: known.message, requestId } })
  }

/** For every path that no route takes. */
export const notFoundHandler: RequestHandler = (request) => {
  throw new AppError('not_found', `There is no ${request.method} ${request.path}.`)
}

/** Errors of express's own body parser carry a `type`, or that of zlib only a `status`. */
const toAppError = (error: unknown): AppError => {
  if (error instanceof AppError) return error
  const { type, status } = tagsOf(error)
  if (type === 'entity.too.large')
    return new AppError('too_large', 'The body is larger than allowed.', { cause: error })
  if (error instanceof URIError)
    return new AppError('not_found', 'The path is not well formed.', { cause: error })
  if (status === 415)
    return new AppError('unsupported_media_type', 'The body has a charset or an encoding that is not taken; send UTF-8.', { cause: error }) // prettier-ignore
  if (typeof status === 'number' && status < 500)
    return new AppError('malformed_json', 'The body is not JSON.', { cause: error })
  return new AppError('internal', 'Something failed here; the log has it under the request id.', {
    cause: error,
  })
}

const tagsOf = (error: unknown): { type?: unknown; status?: unknown } =>
  typeof error === 'object' && error !== null ? error : {}
