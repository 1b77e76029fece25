import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { AppError } from '../base/errors.ts'
import { headerOf, listOf, type HeaderList } from './headers.ts'

/** Throws for a `Host` or `Origin` that is not ours. */
export type CheckHost = (headers: Pick<IncomingHttpHeaders, 'host' | 'origin'>) => void

/** @returns why a request is refused, wherever it wants to go */
export const findFault = (
  checkHost: CheckHost,
  target: string,
  headers: HeaderList,
): AppError | undefined => {
  const host = headerOf(headers, 'host')
  // RFC 9112 §3.2
  if (host === undefined) return malformed('There is no Host header.')
  try {
    checkHost({ host, origin: headerOf(headers, 'origin') })
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  // Of the other forms of a target (RFC 9112 §3.2), proxies take the absolute one and `OPTIONS *` asks about the server.
  if (target.startsWith('/') || target === '*') return undefined
  return malformed('The request target must be a path.')
}

/** The same for a request that Node read, which is less strict than a gateway has to be. */
export const findNodeFault = (
  checkHost: CheckHost,
  request: IncomingMessage,
): AppError | undefined =>
  // RFC 9112 §3.2: of two, one reader might take the first and another the second.
  hasTwoHosts(request)
    ? malformed('There is more than one Host header.')
    : (findCodingFault(request) ?? findFault(checkHost, request.url ?? '', listOf(request.headers)))

/** A body whose end two readers might see at different places (RFC 9112 §6.1). */
const findCodingFault = ({ headers, httpVersion }: IncomingMessage): AppError | undefined => {
  const coding = headers['transfer-encoding']
  if (coding === undefined) return undefined
  if (httpVersion === '1.0') return malformed('HTTP/1.0 has no Transfer-Encoding.')
  if (coding.toLowerCase() === 'chunked') return undefined
  return malformed('Of transfer codings there is only chunked here.')
}

const malformed = (message: string): AppError =>
  new AppError('invalid_request', message, { status: 400 })

const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean => {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count > 1
}
