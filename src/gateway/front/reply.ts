import type { Socket } from 'node:net'
import type { AppError } from '../../base/errors.ts'
import type { Author, Reply } from '../call.ts'
import { answerTo } from '../errors.ts'
import type { AnswerHead } from '../http1/answer-head.ts'
import type { Trailers } from '../http1/chunks.ts'
import { writeAround } from '../http1/write-around.ts'
import { headLines, headText, statusLine, trailerLines, type AnswerParts } from './answer-text.ts'

/** The request that is answered. */
export type Replied = {
  readonly id: string
  readonly method: string
  /** Whether the connection may be used again; asked when the answer begins. */
  keepsAlive(): boolean
  bytesIn(): number
  /** The answer is complete. */
  onReplied(isKept: boolean): void
}

type Held = Required<Pick<AnswerParts, 'reason' | 'headers' | 'isChunked'>>

const NO_TRAILERS: Trailers = []

/** Writes an answer straight to the connection of a client that speaks HTTP/1.1. */
export class LeanReply implements Reply {
  onClosed: (() => void) | undefined
  author: Author | undefined
  toolReport: string | undefined
  readonly #socket: Socket
  readonly #request: Replied
  #status = 0
  #bytesOut = 0
  /** The head, until it goes out with what follows it. */
  #held = ''
  #isChunked = false
  #isKept = true
  #isComplete = false
  #isClosed = false

  constructor(socket: Socket, request: Replied) {
    this.#socket = socket
    this.#request = request
  }

  status(): number {
    return this.#status
  }

  hasBegun(): boolean {
    return this.#status > 0
  }

  isComplete(): boolean {
    return this.#isComplete
  }

  isClosed(): boolean {
    return this.#isClosed
  }

  bytesIn(): number {
    return this.#request.bytesIn()
  }

  bytesOut(): number {
    return this.#bytesOut
  }

  /** Who waits to be told is not served here. */
  sendContinue(): void {
    return
  }

  sendInterim(status: number, links: readonly string[]): void {
    this.#put(`${statusLine(status)}${headLines(links.flatMap((link) => ['link', link]))}\r\n`)
  }

  begin({ status, reason, headers, trailer, framing, isEventStream }: AnswerHead): void {
    const isChunked = typeof framing === 'string' && this.#request.method !== 'HEAD'
    if (isChunked && trailer !== undefined) headers.push('trailer', trailer)
    this.#isChunked = isChunked
    this.#hold(status, { reason, headers, isChunked })
    if (isEventStream) this.flush()
  }

  write(bytes: Buffer): boolean {
    return this.#putPiece(bytes, '')
  }

  flush(): void {
    if (this.#held !== '') this.#put(this.#held)
    this.#held = ''
  }

  end(last: Buffer | undefined, trailers: Trailers): void {
    if (this.#isClosed) return
    const after = this.#isChunked ? `0\r\n${trailerLines(trailers)}\r\n` : ''
    if (last && last.length > 0) this.#putPiece(last, after)
    else this.#put(this.#held + after)
    this.#held = ''
    this.#isComplete = true
    this.close()
    this.#request.onReplied(this.#isKept)
  }

  refuse(error: AppError): void {
    if (this.hasBegun()) return this.cutOff()
    const { headers, body } = answerTo(error, this.#request.id)
    this.#hold(error.status, { reason: undefined, headers, isChunked: false })
    this.end(this.#request.method === 'HEAD' ? undefined : Buffer.from(body), NO_TRAILERS)
  }

  /** Ends the request, whatever is being done for it. */
  giveUp(error: AppError): void {
    this.author?.onLeave()
    this.refuse(error)
  }

  cutOff(): void {
    this.#socket.destroy()
  }

  /** The answer is through, or the connection gone. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (!this.#isComplete) this.author?.onLeave()
    this.onClosed?.()
  }

  #hold(status: number, { reason, headers, isChunked }: Held): void {
    this.#status = status
    this.#isKept = this.#request.keepsAlive()
    this.#held = headText({ status, reason, headers, isChunked, isKept: this.#isKept })
  }

  #put(text: string): void {
    this.#bytesOut += text.length
    if (text !== '') this.#socket.write(text, 'latin1')
  }

  /** @param last what comes behind the last piece */
  #putPiece(bytes: Buffer, last: string): boolean {
    const isChunked = this.#isChunked
    const before = isChunked ? `${this.#held}${bytes.length.toString(16)}\r\n` : this.#held
    const after = isChunked ? `\r\n${last}` : last
    this.#held = ''
    this.#bytesOut += before.length + bytes.length + after.length
    return writeAround(this.#socket, bytes, [before, after])
  }
}
