import type { Socket } from 'node:net'
import type { Body, BodySink } from './call.ts'
import { isPassed } from './headers.ts'
import { writeAround } from './http1/write-around.ts'

/** So much of a body is kept until its answer begins, for a host that closes its connection without having read it. */
const MAX_KEPT = 64 * 1024

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
  #keptBytes = 0
  /** What ends a chunked body. */
  #last = ''

  constructor(body: Body) {
    this.#body = body
    this.#isChunked = body.length === undefined
  }

  /** Sends the head and, behind it, the body from its beginning. */
  start(socket: Socket, head: string): void {
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
    this.#keptBytes += bytes.length
    if (this.#keptBytes > MAX_KEPT) this.#kept = undefined
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
