import type { Socket } from 'node:net'
import { AppError } from '../base/errors.ts'
import type { Body, BodySink } from './call.ts'
import { isPassed } from './headers.ts'
import { writeAround } from './http1/write-around.ts'

/** So much of a body is kept until its answer begins, for a host that closes its connection without having read it. */
const MAX_KEPT = 64 * 1024

/** Who sends the request. */
type Owner = { giveUp(error: AppError): void }

export const tooLarge = (maxBytes: number): AppError =>
  new AppError('too_large', `The body is larger than ${maxBytes} bytes.`)

/** Sends the body of a request to a host, from its beginning more than once if need be. */
export class Upload implements BodySink {
  readonly #body: Body
  readonly #isChunked: boolean
  #state: 'new' | 'under way' | 'complete' = 'new'
  #target: Socket | undefined
  /** What was there when the body began to be read; undefined as soon as it was sent. */
  #here: Buffer[] | undefined = []
  /** All of it so far; undefined when that is no longer kept. */
  #kept: Buffer[] | undefined = []
  #bytes = 0
  readonly #maxBytes: number
  #owner: Owner | undefined
  /** What ends a chunked body. */
  #last = ''

  /** @param maxBytes of the body; one that says how long it is has been judged before */
  constructor(body: Body, maxBytes: number) {
    this.#body = body
    this.#maxBytes = maxBytes
    this.#isChunked = body.length === undefined
  }

  /** Sends the head and, behind it, the body from its beginning. */
  start(socket: Socket, head: string, owner: Owner): void {
    this.#owner = owner
    if (this.#state === 'new') this.#begin()
    const pieces = this.#here ?? this.#kept ?? []
    this.#here = undefined
    let before = head
    for (const bytes of pieces) {
      this.#write(socket, before, bytes)
      before = ''
    }
    if (before + this.#last !== '') socket.write(before + this.#last, 'latin1')
    this.#target = socket
    this.resume()
  }

  /** The connection takes more. */
  resume(): void {
    if (this.#state === 'under way') this.#body.resume()
  }

  stop(): void {
    this.#target = undefined
    this.#owner = undefined
    if (this.#state === 'under way') this.#body.pause()
  }

  /** Whether {@link Upload.start} could still send it from its beginning. */
  isRepeatable(): boolean {
    return this.#kept !== undefined
  }

  /** An answer has come: the body will not be sent again. */
  forget(): void {
    this.#kept = undefined
  }

  /** Nobody wants the rest. It is read all the same: the client's next request is behind it. */
  discard(): void {
    this.#body.resume()
  }

  isComplete(): boolean {
    return this.#state === 'complete'
  }

  onData(bytes: Buffer): void {
    this.#bytes += bytes.length
    if (this.#bytes > this.#maxBytes) return this.#owner?.giveUp(tooLarge(this.#maxBytes))
    this.#keep(bytes)
    if (this.#here) this.#here.push(bytes)
    else if (this.#target && !this.#write(this.#target, '', bytes)) this.#body.pause()
  }

  onEnd(trailers: NodeJS.Dict<string>): void {
    this.#state = 'complete'
    if (!this.#isChunked) return
    this.#last = `0\r\n${trailerLines(trailers)}\r\n`
    this.#target?.write(this.#last, 'latin1')
  }

  #begin(): void {
    this.#state = 'under way'
    this.#body.read(this)
  }

  #keep(bytes: Buffer): void {
    if (this.#bytes > MAX_KEPT) this.#kept = undefined
    else this.#kept?.push(bytes)
  }

  #write(socket: Socket, before: string, bytes: Buffer): boolean {
    if (!this.#isChunked) return writeAround(socket, bytes, [before, ''])
    return writeAround(socket, bytes, [`${before}${bytes.length.toString(16)}\r\n`, '\r\n'])
  }
}

/** Trailers are headers that come late, and pass by the same list; none of them may be about the body itself. */
const trailerLines = (trailers: NodeJS.Dict<string>): string =>
  Object.entries(trailers)
    .filter(([name]) => isPassed(name) && name.startsWith('mcp-'))
    .map(([name, value]) => `${name}: ${value ?? ''}\r\n`)
    .join('')
