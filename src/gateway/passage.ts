import type { IncomingMessage } from 'node:http'
import { CREDENTIALS_HEADER } from '../model/host-credentials.ts'
import { requestHeaders } from './headers.ts'

/** What the host shall see of a request. */
export type Passage = {
  service: string
  port: number
  /** Path and query, as the client wrote them. */
  path: string
  /** Made anew for each attempt: sealed credentials expire. @throws AppError */
  makeHeaders: () => Readonly<Record<string, string>>
  /** Added to the answer: names and values in turn. */
  answerHeaders: readonly string[]
  /** The API of the service refused the key. */
  onKeyRefused: () => void
}

type Destination = {
  service: string
  port: number
  path: string
  requestId: string
  /** The credentials for the host. */
  sealed: () => string
  /** What the host is told of the client. */
  told: () => Readonly<Record<string, string>>
  /** Whether a header of the client passes. */
  passes: (name: string) => boolean
  onKeyRefused: () => void
}

export const makePassage = (
  request: IncomingMessage,
  { service, port, path, requestId, sealed, told, passes, onKeyRefused }: Destination,
): Passage => ({
  service,
  port,
  path,
  onKeyRefused,
  makeHeaders: () => {
    const own = {
      host: `127.0.0.1:${port}`,
      'x-request-id': requestId,
      [CREDENTIALS_HEADER]: sealed(),
      ...told(),
    }
    return requestHeaders(request.headers, own, passes)
  },
  answerHeaders: ['x-request-id', requestId, 'x-accel-buffering', 'no'],
})
