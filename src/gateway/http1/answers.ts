import { malformed, parseAnswerHead, type AnswerHead } from './answer-head.ts'
import { createChunkReader, type Trailers } from './chunks.ts'

/** Who receives an answer, piece by piece. */
export type AnswerSink = {
  /** Whether the request was HEAD: its answer has a length but no body. */
  readonly isHead: boolean
  onHead(head: AnswerHead): void
  /** One of 1xx, before the answer itself. */
  onInterim(head: AnswerHead): void
  onData(bytes: Buffer): void
  /** @param last the last bytes of the body, if they come together with its end */
  onEnd(last: Buffer | undefined, trailers: Trailers): void
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const MAX_HEAD = 64 * 1024
const NO_TRAILERS: Trailers = []

/** Reads the answers of one connection, one after the other. */
export class Answers {
  readonly #onDone: () => void
  /** Who gets the next answer. Undefined: none is expected. */
  #sink: AnswerSink | undefined
  #state: 'head' | 'body' | 'chunks' = 'head'
  /** The beginning of a head. */
  #begun: Buffer | undefined
  /** How much of the body is to come. */
  #left = 0
  #chunks: ReturnType<typeof createChunkReader> | undefined

  /** @param onDone called when an answer is through, ahead of who receives it */
  constructor(onDone: () => void = () => undefined) {
    this.#onDone = onDone
  }

  /** The next answer goes to this one. */
  expect(sink: AnswerSink): void {
    this.#sink = sink
    this.#state = 'head'
    this.#begun = undefined
  }

  /**
   * @throws AppError for what is not an answer
   * @returns false for bytes that nobody asked for
   */
  feed(bytes: Buffer): boolean {
    let rest: Buffer | undefined = bytes
    while (this.#sink && rest && rest.length > 0)
      if (this.#state === 'head') rest = this.#readHead(rest, this.#sink)
      else rest = this.#state === 'body' ? this.#readBody(rest, this.#sink) : this.#readChunks(rest)
    return rest === undefined || rest.length === 0
  }

  /** The connection ended. @returns whether that is how the answer was to end */
  finish(): boolean {
    if (!this.#sink || this.#state !== 'body' || this.#left !== Infinity) return false
    this.#end(undefined, NO_TRAILERS)
    return true
  }

  #end(last: Buffer | undefined, trailers: Trailers): void {
    const sink = this.#sink
    this.#sink = undefined
    this.#onDone()
    sink?.onEnd(last, trailers)
  }

  /** @returns what is behind it */
  #readHead(bytes: Buffer, sink: AnswerSink): Buffer | undefined {
    const all = this.#begun ? Buffer.concat([this.#begun, bytes]) : bytes
    const at = all.indexOf(END_OF_HEAD)
    if ((at < 0 ? all.length : at) > MAX_HEAD) throw malformed('its headers are too large')
    this.#begun = at < 0 ? all : undefined
    if (at < 0) return undefined
    const head = parseAnswerHead(all.toString('latin1', 0, at), sink.isHead)
    if (head.status === 101) throw malformed('it switches protocols unasked')
    if (head.status < 200) sink.onInterim(head)
    else this.#begin(head, sink)
    return all.subarray(at + END_OF_HEAD.length)
  }

  #begin(head: AnswerHead, sink: AnswerSink): void {
    const isChunked = head.framing === 'chunked'
    this.#state = isChunked ? 'chunks' : 'body'
    this.#left = typeof head.framing === 'number' ? head.framing : Infinity
    this.#chunks = isChunked ? createChunkReader((bytes) => sink.onData(bytes)) : undefined
    sink.onHead(head)
    if (this.#left === 0) this.#end(undefined, NO_TRAILERS)
  }

  #readBody(bytes: Buffer, sink: AnswerSink): Buffer | undefined {
    const own = bytes.subarray(0, this.#left)
    this.#left -= own.length
    if (this.#left > 0) sink.onData(own)
    else this.#end(own, NO_TRAILERS)
    return this.#left > 0 ? undefined : bytes.subarray(own.length)
  }

  #readChunks(bytes: Buffer): Buffer | undefined {
    const behind = this.#chunks?.feed(bytes)
    if (behind === undefined) return undefined
    this.#end(undefined, this.#chunks?.trailers ?? NO_TRAILERS)
    return bytes.subarray(behind)
  }
}
