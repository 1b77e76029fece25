import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { isInternal } from './headers.ts'
import type { AnswerHead } from './http1/answer-head.ts'
import type { Trailers } from './http1/chunks.ts'
import type { Connection, Failure, User } from './http1/connection.ts'
import { noteToolUsage } from './tool-usage.ts'
import type { Upload } from './upload.ts'

/** One request of a client, and where its answer goes. */
export type Exchange = {
  request: IncomingMessage
  response: ServerResponse
  /** Request line and headers for the host, made anew for each attempt. @throws AppError */
  makeHead: () => string
  /** What the gateway adds to the answer's headers: names and values in turn. */
  ownHeaders: readonly string[]
  upload: Upload | undefined
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
  | { kind: 'failed'; failure: Failure }

/**
 * Sends a request over a connection and its answer to the client, piece by piece, neither faster than the other side
 * takes them.
 */
export const relay = (connection: Connection, exchange: Exchange, head: string): Promise<Outcome> =>
  new Promise((resolve) => {
    const { response, upload } = exchange
    // A client that leaves ends the request at the host.
    const leave = () => {
      connection.destroy()
      resolve({ kind: 'left' })
    }
    response.once('close', leave)
    const user = createUser(connection.socket, { ...exchange, head }, (outcome) => {
      response.off('close', leave)
      upload?.stop()
      resolve(outcome)
    })
    connection.use(user)
  })

const createUser = (
  socket: Socket,
  exchange: Exchange & { head: string },
  end: (outcome: Outcome) => void,
): User => {
  const { request, response, upload } = exchange
  let head: AnswerHead | undefined
  const resume = () => socket.resume()
  return {
    isHead: request.method === 'HEAD',
    onConnect: () => {
      exchange.onReached()
      if (request.headers.expect !== undefined) response.writeContinue()
      if (!upload) return void socket.write(exchange.head, 'latin1')
      socket.cork() // the beginning of the body mostly is here already, and goes out with the head
      socket.write(exchange.head, 'latin1')
      upload.start(socket)
      process.nextTick(() => socket.uncork())
    },
    onDrain: () => upload?.resume(),
    onInterim: (interim) => passInterim(response, interim),
    onHead: (arrived) => {
      head = arrived
      if (arrived.isKeyRefused) exchange.onKeyRefused()
      if (!arrived.isUnprocessed) startAnswer(exchange, arrived)
    },
    onData: (bytes) => {
      if (head?.isUnprocessed || response.write(bytes)) return
      socket.pause()
      response.once('drain', resume)
    },
    onEnd: (last, trailers) => {
      if (head?.isUnprocessed) return end({ kind: 'unprocessed' })
      if (trailers.length > 0) response.addTrailers(passedTrailers(trailers))
      response.end(last)
      end({ kind: 'answered', reusableMs: head?.reusableMs })
    },
    onFailure: (failure) => end({ kind: 'failed', failure }),
  }
}

const passedTrailers = (trailers: Trailers): [string, string][] =>
  trailers.flatMap(([name, value]) => (isInternal(name.toLowerCase()) ? [] : [[name, value]]))

const startAnswer = ({ request, response, ownHeaders, upload }: Exchange, head: AnswerHead) => {
  upload?.forget()
  if (head.toolUsage !== undefined) noteToolUsage(response, head.toolUsage)
  const { status, reason, headers, trailer, framing } = head
  headers.push(...ownHeaders)
  const takesTrailers = framing === 'chunked' && request.httpVersion === '1.1' && request.method !== 'HEAD' // prettier-ignore
  if (trailer !== undefined && takesTrailers) headers.push('trailer', trailer)
  response.writeHead(status, reason, headers)
  // Node sends headers with the first bytes of a body, but the first event of a stream may be far away.
  if (head.isEventStream) response.flushHeaders()
  else if (framing !== 0) process.nextTick(flush, response)
}

/** The rest of what came with the head has been written by now. */
const flush = (response: ServerResponse): void => {
  if (!response.destroyed && !response.writableEnded) response.flushHeaders()
}

/** RFC 9110 §15.2: interim answers go on to clients that know them. 100 is the gateway's own to send. */
const passInterim = (response: ServerResponse, { status, headers }: AnswerHead): void => {
  if (response.headersSent || response.req.httpVersion !== '1.1') return
  if (status === 102) response.writeProcessing()
  if (status !== 103) return
  const links = headers.filter((_, index) => headers[index - 1]?.toLowerCase() === 'link' && index % 2 === 1) // prettier-ignore
  if (links.length > 0) response.writeEarlyHints({ link: links })
}
