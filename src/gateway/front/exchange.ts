import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { AppError } from '../../base/errors.ts'
import type { Call } from '../call.ts'
import type { HeadNotes } from '../head-notes.ts'
import type { HeaderList } from '../headers.ts'
import { LeanBody } from './body.ts'
import { LeanReply, type Replied } from './reply.ts'
import type { PlainHead } from './request-head.ts'

/** Until the headers of a request must be there, and until all of it; it is answered 408 then. */
export type Slowness = { headersMs: number; requestMs: number }

/** The connection that a request came by. */
export type Carrier = {
  readonly socket: Socket
  readonly slowness: Slowness
  isDraining(): boolean
  /** Something of the request under way ended. */
  onProgress(): void
}

/** So long a client that was answered may go on sending; if it were cut off at once, it would lose the answer. */
const LINGER_MS = 2_000

/** A request of a connection, from its head to the last byte of its body and of its answer. */
export class Exchange implements Call, Replied {
  readonly id = randomUUID()
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
  readonly notes: HeadNotes
  readonly socket: Socket
  readonly body: LeanBody | undefined
  readonly reply: LeanReply
  readonly #carrier: Carrier
  readonly #headBytes: number
  readonly #wantsToKeep: boolean
  readonly #startedAt = Date.now()
  #answeredAt: number | undefined
  #isKept = false

  /** @param headBytes how long the head is */
  constructor(carrier: Carrier, head: PlainHead, headBytes: number) {
    this.method = head.method
    this.target = head.target
    this.headers = head.headers
    this.notes = head.notes
    this.socket = carrier.socket
    this.body = head.length > 0 ? new LeanBody(carrier.socket, head.length) : undefined
    this.reply = new LeanReply(carrier.socket, this)
    this.#carrier = carrier
    this.#headBytes = headBytes
    this.#wantsToKeep = head.keepsAlive
  }

  keepsAlive(): boolean {
    return this.#wantsToKeep && !this.#carrier.isDraining()
  }

  bytesIn(): number {
    return this.#headBytes + (this.body?.received() ?? 0)
  }

  onReplied(isKept: boolean): void {
    this.#answeredAt = Date.now()
    this.#isKept = isKept
    if (!this.#isReceived()) this.body?.discard()
    this.#carrier.onProgress()
  }

  /** Undefined: it goes on. Otherwise whether the connection may be used again. */
  outcome(): 'kept' | 'closed' | undefined {
    if (this.#answeredAt === undefined || !this.#isReceived()) return undefined
    return this.#isKept ? 'kept' : 'closed'
  }

  /** Ends it when its client takes too long to send it. @param now ms as of `Date.now` */
  check(now: number): void {
    if (this.#isReceived()) return
    if (this.#answeredAt !== undefined) {
      if (now - this.#answeredAt > LINGER_MS) this.socket.destroy()
    } else if (now - this.#startedAt > this.#carrier.slowness.requestMs)
      this.reply.giveUp(tooSlow())
  }

  #isReceived(): boolean {
    return this.body === undefined || this.body.isComplete()
  }
}

/** RFC 9110 §15.5.9 */
export const tooSlow = (): AppError =>
  new AppError('invalid_request', 'The request did not arrive in time.', { status: 408 })
