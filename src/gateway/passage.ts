import { CREDENTIALS_HEADER } from '../model/host-credentials.ts'
import type { Admitted } from './admission.ts'
import type { GatewayInstance } from './authenticate.ts'
import type { Forwarded } from './forwarded.ts'
import { headLines } from './front/answer-text.ts'
import { isPassed, isPassedWithUpgrade, passedOf, type HeaderList } from './headers.ts'

/** What the passages of all requests have in common. */
type Needs = {
  /** The instance's credentials for the host on that port. @throws AppError */
  seal: (instance: GatewayInstance, port: number) => string
  forwarded: Pick<Forwarded, 'headersFor' | 'linesFor'>
  onKeyRefused: ((handle: string) => void) | undefined
}

type Given = {
  instance: GatewayInstance
  from: Admitted
  port: number
  /** Path and query, as the client wrote them. */
  path: string
  maxBodyBytes: number
}

/**
 * What the host shall see of a request: the gateway's own headers, and those of the client that pass. They are made anew
 * for each attempt, since sealed credentials expire.
 */
export class Passage {
  readonly port: number
  readonly path: string
  readonly maxBodyBytes: number
  /** Added to the answer. */
  readonly answerHeaders: HeaderList
  readonly #needs: Needs
  readonly #instance: GatewayInstance
  readonly #from: Admitted

  constructor(needs: Needs, { instance, from, port, path, maxBodyBytes }: Given) {
    this.port = port
    this.path = path
    this.maxBodyBytes = maxBodyBytes
    this.answerHeaders = ['x-request-id', from.requestId, 'x-accel-buffering', 'no']
    this.#needs = needs
    this.#instance = instance
    this.#from = from
  }

  get service(): string {
    return this.#instance.service
  }

  /** The API of the service refused the key. */
  onKeyRefused(): void {
    this.#needs.onKeyRefused?.(this.#instance.handle)
  }

  /** Request line and headers, with the empty line behind them. @throws AppError */
  headText(): string {
    const { request, requestId, trace } = this.#from
    const { notes, headers } = request
    notes.passed ??= headLines(passedOf(headers, isPassed))
    return (
      `${request.method} ${this.path} HTTP/1.1\r\nhost: 127.0.0.1:${this.port}\r\nx-request-id: ${requestId}\r\n` +
      `${CREDENTIALS_HEADER}: ${this.#sealed()}\r\n${this.#needs.forwarded.linesFor(request)}${trace ? headLines(trace.attempt()) : ''}${notes.passed}` +
      'connection: keep-alive\r\n\r\n'
    )
  }

  /** Those of a request that wants another protocol. @throws AppError */
  upgradeHeaders(): HeaderList {
    const { request, requestId, trace } = this.#from
    return [
      'host', `127.0.0.1:${this.port}`, 'x-request-id', requestId, CREDENTIALS_HEADER, this.#sealed(),
      ...this.#needs.forwarded.headersFor(request),
      ...(trace?.attempt() ?? []),
      ...passedOf(request.headers, isPassedWithUpgrade),
    ] // prettier-ignore
  }

  #sealed(): string {
    return this.#needs.seal(this.#instance, this.port)
  }
}
