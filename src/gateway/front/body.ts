import type { Socket } from 'node:net'
import type { Body, BodySink } from '../call.ts'

const NO_TRAILERS = {}

/**
 * A body of so many bytes, which the connection hands in as they come. A class, as everything that is made with each
 * request: a closure for each of its functions would be most of what a request leaves to the garbage collector.
 */
export class LeanBody implements Body {
  readonly length: number
  readonly #socket: Socket
  #left: number
  #sink: BodySink | undefined
  /** What came before anybody read it. */
  #early: Buffer | undefined
  #isDiscarded = false

  constructor(socket: Socket, length: number) {
    this.#socket = socket
    this.length = length
    this.#left = length
  }

  isComplete(): boolean {
    return this.#left === 0
  }

  received(): number {
    return this.length - this.#left
  }

  /** @returns what is behind its end */
  feed(bytes: Buffer): Buffer | undefined {
    const own = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= own.length
    if (own.length > 0) this.#take(own)
    return own.length < bytes.length ? bytes.subarray(own.length) : undefined
  }

  #take(bytes: Buffer): void {
    if (this.#sink) {
      this.#sink.onData(bytes)
      if (this.#left === 0) this.#sink.onEnd(NO_TRAILERS)
    } else if (!this.#isDiscarded) {
      this.#early = this.#early ? Buffer.concat([this.#early, bytes]) : bytes
      if (this.#left > 0) this.#socket.pause() // until somebody reads it
    }
  }

  read(sink: BodySink): void {
    this.#sink = sink
    if (this.#early) sink.onData(this.#early)
    this.#early = undefined
    if (this.#left === 0) sink.onEnd(NO_TRAILERS)
    else this.#socket.resume()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Nobody wants the rest; it is read all the same, since the next request is behind it. */
  discard(): void {
    this.#isDiscarded = true
    this.#sink = undefined
    this.#early = undefined
    this.#socket.resume()
  }
}
