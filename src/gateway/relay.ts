import type { AppError } from '../base/errors.ts'
import type { Author, Call, Reply } from './call.ts'
import { isInternal } from './headers.ts'
import type { AnswerHead } from './http1/answer-head.ts'
import type { Trailers } from './http1/chunks.ts'
import type { Connection, Failure, User } from './http1/connection.ts'
import type { Passage } from './passage.ts'
import type { Upload } from './upload.ts'

/** One request of a client on its way to a host. */
export type Exchange = {
  call: Call
  to: Passage
  upload: Upload | undefined
  /** Whether the answer may begin whenever it likes. */
  isPatient: boolean
  /** Somebody listens on the port of this service. */
  noteReached: (service: string) => void
}

/** `left`: the client is gone. `unprocessed`: the host said that it did nothing with the request. */
export type Outcome =
  | { kind: 'answered'; reusableMs: number | undefined }
  | { kind: 'left' }
  | { kind: 'unprocessed' }
  | { kind: 'given up'; error: AppError }
  | { kind: 'failed'; failure: Failure }

/**
 * Sends a request over a connection and its answer to the client, piece by piece, neither faster than the other side
 * takes them.
 */
export const relay = (
  connection: Connection,
  { exchange, head }: { exchange: Exchange; head: string },
  onEnd: (outcome: Outcome) => void,
): void => {
  const attempt = new Relay(connection, exchange, { head, onEnd })
  exchange.call.reply.author = attempt
  connection.use(attempt)
}

type Attempt = { head: string; onEnd: (outcome: Outcome) => void }

class Relay implements User, Author {
  readonly isHead: boolean
  readonly isPatient: boolean
  readonly #connection: Connection
  readonly #exchange: Exchange
  readonly #attempt: Attempt
  readonly #reply: Reply
  #answer: AnswerHead | undefined

  constructor(connection: Connection, exchange: Exchange, attempt: Attempt) {
    this.isHead = exchange.call.method === 'HEAD'
    this.isPatient = exchange.isPatient
    this.#connection = connection
    this.#exchange = exchange
    this.#attempt = attempt
    this.#reply = exchange.call.reply
  }

  /** A client that leaves ends the request at the host. */
  onLeave(): void {
    this.#connection.destroy()
    this.#end({ kind: 'left' })
  }

  /** The request cannot go on. */
  giveUp(error: AppError): void {
    this.#connection.destroy()
    this.#end({ kind: 'given up', error })
  }

  onClientDrain(): void {
    this.#connection.socket.resume()
  }

  onConnect(): void {
    const { upload, to, noteReached } = this.#exchange
    noteReached(to.service)
    this.#reply.sendContinue()
    if (upload) upload.start(this.#connection.socket, this.#attempt.head, this)
    else this.#connection.socket.write(this.#attempt.head, 'latin1')
  }

  onDrain(): void {
    this.#exchange.upload?.resume()
  }

  onInterim(interim: AnswerHead): void {
    if (!this.#reply.hasBegun()) passInterim(this.#reply, interim)
  }

  onHead(head: AnswerHead): void {
    this.#answer = head
    const { to, upload } = this.#exchange
    this.#connection.noteAnswer()
    if (head.isKeyRefused) to.onKeyRefused()
    if (head.isUnprocessed) return
    upload?.forget()
    this.#reply.toolReport = head.toolUsage
    for (const text of to.answerHeaders) head.headers.push(text)
    this.#reply.begin(head)
  }

  onData(bytes: Buffer): void {
    if (this.#answer?.isUnprocessed || this.#reply.write(bytes)) return
    this.#connection.socket.pause()
  }

  onCaughtUp(): void {
    this.#reply.flush()
  }

  onEnd(last: Buffer | undefined, trailers: Trailers): void {
    if (this.#answer?.isUnprocessed) return this.#end({ kind: 'unprocessed' })
    this.#end({ kind: 'answered', reusableMs: this.#answer?.reusableMs })
    this.#reply.end(last, passedTrailers(trailers))
  }

  onFailure(failure: Failure): void {
    this.#end({ kind: 'failed', failure })
  }

  #end(outcome: Outcome): void {
    this.#reply.author = undefined
    this.#exchange.upload?.stop()
    this.#attempt.onEnd(outcome)
  }
}

const passedTrailers = (trailers: Trailers): Trailers =>
  trailers.length === 0 ? trailers : trailers.filter(([name]) => !isInternal(name.toLowerCase()))

/** RFC 9110 §15.2: interim answers go on to clients that know them. 100 is the gateway's own to send. */
const passInterim = (reply: Reply, { status, headers }: AnswerHead): void => {
  const links = headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === 'link') // prettier-ignore
  if (status === 102 || (status === 103 && links.length > 0)) reply.sendInterim(status, links)
}
