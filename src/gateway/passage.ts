import { CREDENTIALS_HEADER } from '../model/host-credentials.ts'
import type { Asked } from './call.ts'
import { addPassed, type HeaderList } from './headers.ts'

/** What the host shall see of a request. */
export type Passage = {
  service: string
  port: number
  /** Path and query, as the client wrote them. */
  path: string
  /** Made anew for each attempt, since sealed credentials expire. @throws AppError */
  makeHeaders: () => HeaderList
  /** Added to the answer. */
  answerHeaders: HeaderList
  maxBodyBytes: number
  /** The API of the service refused the key. */
  onKeyRefused: () => void
}

type Destination = {
  service: string
  port: number
  route: { requestId: string; rest: string }
  /** The credentials for the host. */
  sealed: () => string
  /** What the host is told of the client. */
  told: () => HeaderList
  /** Whether a header of the client passes; none does that is here too. */
  passes: (name: string) => boolean
  maxBodyBytes: number
  onKeyRefused: () => void
}

export const makePassage = (
  request: Asked,
  {
    service,
    port,
    route: { requestId, rest },
    sealed,
    told,
    passes,
    maxBodyBytes,
    onKeyRefused,
  }: Destination,
): Passage => ({
  service,
  port,
  path: rest,
  onKeyRefused,
  maxBodyBytes,
  makeHeaders: () => {
    const headers = ['host', `127.0.0.1:${port}`, 'x-request-id', requestId, CREDENTIALS_HEADER, sealed()] // prettier-ignore
    headers.push(...told())
    addPassed(headers, request.headers, passes)
    return headers
  },
  answerHeaders: ['x-request-id', requestId, 'x-accel-buffering', 'no'],
})
