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
  try {
    checkHost({ host: headerOf(headers, 'host'), origin: headerOf(headers, 'origin') })
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  // Of the other forms of a target (RFC 9112 §3.2), proxies take the absolute one and `OPTIONS *` asks about the server.
  if (target.startsWith('/') || target === '*') return undefined
  return new AppError('invalid_request', 'The request target must be a path.', { status: 400 })
}

/** The same for a request that Node read, which tells of one Host header where there were two. */
export const findNodeFault = (
  checkHost: CheckHost,
  request: IncomingMessage,
): AppError | undefined =>
  // RFC 9112 §3.2: of two, one reader might take the first and another the second.
  hasTwoHosts(request)
    ? new AppError('invalid_request', 'There is more than one Host header.', { status: 400 })
    : findFault(checkHost, request.url ?? '', listOf(request.headers))

const hasTwoHosts = ({ rawHeaders }: IncomingMessage): boolean => {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count > 1
}
