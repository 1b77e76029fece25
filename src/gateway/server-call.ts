import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppError } from '../base/errors.ts'
import type { Asked, Author, Body, Call, Reply } from './call.ts'
import { sendError } from './errors.ts'
import { newNotes } from './head-notes.ts'
import { listOf } from './headers.ts'
import type { AnswerHead } from './http1/answer-head.ts'
import type { Trailers } from './http1/chunks.ts'
import { countTraffic, markRead } from './traffic.ts'

export const askedOf = ({
  method = 'GET',
  url = '/',
  headers,
  socket,
}: IncomingMessage): Asked => ({
  method,
  target: url,
  headers: listOf(headers),
  notes: newNotes(),
  socket,
})

/** A request that Node's own server took. */
export const serverCall = (
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
): Call => ({
  ...askedOf(request),
  id,
  body: bodyOf(request),
  reply: new ServerReply(response, id),
})

const bodyOf = (request: IncomingMessage): Body | undefined => {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  const isChunked = encoding !== undefined
  if (!isChunked && (length === undefined || Number(length) === 0)) return undefined
  return {
    length: isChunked ? undefined : Number(length),
    read: (sink) => {
      request.on('data', (bytes: Buffer) => sink.onData(bytes))
      request.on('end', () => sink.onEnd(request.trailers))
    },
    pause: () => void request.pause(),
    resume: () => void request.resume(),
  }
}

/** An answer that Node writes. */
class ServerReply implements Reply {
  onClosed: (() => void) | undefined
  author: Author | undefined
  toolReport: string | undefined
  readonly bytesIn: () => number
  readonly bytesOut: () => number
  readonly #id: string
  readonly #response: ServerResponse
  /** Whether Node waits with the head for the first bytes of the body. */
  #isHeld = false

  constructor(response: ServerResponse, id: string) {
    const { socket } = response.req
    const { bytesIn, bytesOut } = countTraffic(socket)
    this.bytesIn = bytesIn
    this.bytesOut = bytesOut
    this.#id = id
    this.#response = response
    response.on('drain', () => this.author?.onClientDrain())
    response.once('close', () => {
      if (!response.writableFinished) this.author?.onLeave()
      this.onClosed?.()
      markRead(socket)
    })
  }

  status(): number {
    return this.#response.headersSent ? this.#response.statusCode : 0
  }

  hasBegun(): boolean {
    return this.#response.headersSent
  }

  isComplete(): boolean {
    return this.#response.writableFinished
  }

  isClosed(): boolean {
    return this.#response.destroyed || this.#response.closed
  }

  sendContinue(): void {
    if (this.#response.req.headers.expect !== undefined) this.#response.writeContinue()
  }

  sendInterim(status: number, links: readonly string[]): void {
    if (this.#response.req.httpVersion !== '1.1') return
    if (status === 102) this.#response.writeProcessing()
    else this.#response.writeEarlyHints({ link: [...links] })
  }

  begin({ status, reason, headers, trailer, framing, isEventStream }: AnswerHead): void {
    const { method, httpVersion } = this.#response.req
    const takesTrailers = framing === 'chunked' && httpVersion === '1.1' && method !== 'HEAD'
    if (trailer !== undefined && takesTrailers) headers.push('trailer', trailer)
    this.#response.writeHead(status, reason, headers)
    this.#isHeld = true
    if (isEventStream) this.flush()
  }

  write(bytes: Buffer): boolean {
    this.#isHeld = false
    return this.#response.write(bytes)
  }

  flush(): void {
    if (this.#isHeld && !this.#response.destroyed) this.#response.flushHeaders()
    this.#isHeld = false
  }

  end(last: Buffer | undefined, trailers: Trailers): void {
    if (trailers.length > 0) this.#response.addTrailers(trailers.map(([...pair]) => pair))
    this.#response.end(last)
  }

  refuse(error: AppError): void {
    sendError(this.#response, error, this.#id)
  }

  cutOff(): void {
    this.#response.destroy()
  }
}
