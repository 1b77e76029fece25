import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError, systemCodeOf } from '../base/errors.ts'
import { headText } from './front/answer-text.ts'

/** Writes an error in the shape of the HTTP API. */
export const sendError = (response: ServerResponse, error: AppError, requestId: string): void => {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { headers, body } = answerTo(error, requestId)
  response.writeHead(error.status, headers)
  response.end(body)
  endSlowly(response)
}

const LINGER_MS = 2_000

/**
 * A client that is still sending when it is refused would lose the answer if its connection were closed at once; and one that
 * sends without end would be read without end.
 */
const endSlowly = ({ req: request }: ServerResponse): void => {
  if (request.complete) return
  const timer = setTimeout(() => {
    if (!request.complete) request.destroy()
  }, LINGER_MS)
  timer.unref()
}

/** @returns headers as names and values in turn */
export const answerTo = (error: AppError, requestId: string) => {
  const body = JSON.stringify({ error: { code: error.code, message: error.message, requestId } })
  const headers = [
    'content-type', 'application/json; charset=utf-8',
    'content-length', String(Buffer.byteLength(body)),
    'x-request-id', requestId,
  ] // prettier-ignore
  if (error.retryAfterSeconds) headers.push('retry-after', String(error.retryAfterSeconds))
  return { headers, body }
}

type Fault = { status: number; message: string }

/** What Node's parser refuses never becomes a request. */
const PARSER_FAULTS: Readonly<Record<string, Fault>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The headers are larger than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time.' },
}
const MALFORMED: Fault = { status: 400, message: 'This is not a well-formed HTTP request.' }

/** Answers bytes that are not HTTP in the same shape, and ends their connection. */
export const refuseBytes = (cause: Error, socket: Duplex): void => {
  if (!socket.writable || systemCodeOf(cause) === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const { status, message } = PARSER_FAULTS[systemCodeOf(cause) ?? ''] ?? MALFORMED
  const error = new AppError('invalid_request', message, { status, cause })
  sendErrorTo(socket, error, randomUUID())
}

/** Answers where there is no ServerResponse, and ends the connection. */
export const sendErrorTo = (socket: Duplex, error: AppError, requestId: string): void => {
  const { headers, body } = answerTo(error, requestId)
  const { status } = error
  socket.end(headText({ status, headers, isKept: false }) + body)
  // Half of the connection is the client's to close, and one that means no good keeps it.
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}
