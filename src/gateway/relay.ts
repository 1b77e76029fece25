import type { AppError } from '../base/errors.ts'
import type { AnswerDeadline, Waiting } from './answer-deadline.ts'
import type { Author, Call, Reply } from './call.ts'
import { isInternal, type HeaderList } from './headers.ts'
import type { AnswerHead } from './http1/answer-head.ts'
import type { Trailers } from './http1/chunks.ts'
import type { Connection, Failure, User } from './http1/connection.ts'
import { noteToolUsage } from './tool-usage.ts'
import type { Upload } from './upload.ts'

/** One request of a client on its way to a host. */
export type Exchange = {
  call: Call
  /** Request line and headers for the host, made anew for each attempt. @throws AppError */
  makeHead: () => string
  /** What the gateway adds to the answer's headers. */
  ownHeaders: HeaderList
  upload: Upload | undefined
  /** Undefined: the answer may begin whenever it likes. */
  deadline: AnswerDeadline | undefined
  /** Somebody listens on the port. */
  onReached: () => void
  /** The API of the service refused the key. */
  onKeyRefused: () => void
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
export const relay = (connection: Connection, exchange: Exchange, head: string): Promise<Outcome> =>
  new Promise((resolve) => {
    const attempt = new Relay(connection, { ...exchange, head, resolve })
    exchange.call.reply.author = attempt
    exchange.deadline?.begin(attempt)
    connection.use(attempt)
  })

type Given = Exchange & { head: string; resolve: (outcome: Outcome) => void }

class Relay implements User, Author, Waiting {
  readonly isHead: boolean
  readonly #connection: Connection
  readonly #given: Given
  readonly #reply: Reply
  #answer: AnswerHead | undefined

  constructor(connection: Connection, given: Given) {
    this.isHead = given.call.method === 'HEAD'
    this.#connection = connection
    this.#given = given
    this.#reply = given.call.reply
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
    const { head, upload, onReached } = this.#given
    onReached()
    this.#reply.sendContinue()
    if (upload) upload.start(this.#connection.socket, head, this)
    else this.#connection.socket.write(head, 'latin1')
  }

  onDrain(): void {
    this.#given.upload?.resume()
  }

  onInterim(interim: AnswerHead): void {
    if (!this.#reply.hasBegun()) passInterim(this.#reply, interim)
  }

  onHead(head: AnswerHead): void {
    this.#answer = head
    this.#given.deadline?.end(this)
    if (head.isKeyRefused) this.#given.onKeyRefused()
    if (head.isUnprocessed) return
    this.#given.upload?.forget()
    if (head.toolUsage !== undefined) noteToolUsage(this.#reply, head.toolUsage)
    head.headers.push(...this.#given.ownHeaders)
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
    this.#given.deadline?.end(this)
    this.#reply.author = undefined
    this.#given.upload?.stop()
    this.#given.resolve(outcome)
  }
}

const passedTrailers = (trailers: Trailers): Trailers =>
  trailers.length === 0 ? trailers : trailers.filter(([name]) => !isInternal(name.toLowerCase()))

/** RFC 9110 §15.2: interim answers go on to clients that know them. 100 is the gateway's own to send. */
const passInterim = (reply: Reply, { status, headers }: AnswerHead): void => {
  const links = headers.filter((_, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === 'link') // prettier-ignore
  if (status === 102 || (status === 103 && links.length > 0)) reply.sendInterim(status, links)
}
