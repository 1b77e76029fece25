import type { Socket } from 'node:net'
import type { AppError } from '../base/errors.ts'
import type { HeadNotes } from './head-notes.ts'
import type { HeaderList } from './headers.ts'
import type { AnswerHead } from './http1/answer-head.ts'
import type { Trailers } from './http1/chunks.ts'

/** What a client sent ahead of its body. */
export type Asked = {
  readonly method: string
  /** Path and query, as the client wrote them. */
  readonly target: string
  /** The names in lower case. */
  readonly headers: HeaderList
  readonly notes: HeadNotes
  readonly socket: Socket
}

/** A request of a client and the way its answer goes, the same for each server that takes requests. */
export type Call = Asked & {
  /** The request's id, of the gateway's making. */
  readonly id: string
  /** Undefined: the request has none. */
  readonly body: Body | undefined
  readonly reply: Reply
}

/** The body of a request. */
export type Body = {
  /** Undefined: it is chunked. */
  readonly length: number | undefined
  /** Hands it on; what is here already comes before this returns. To be called once. */
  read(sink: BodySink): void
  pause(): void
  resume(): void
}

export type BodySink = {
  onData(bytes: Buffer): void
  onEnd(trailers: NodeJS.Dict<string>): void
}

/** How an answer ends, for who counts. */
export type Ending = {
  /** 0 while it has not begun. */
  status(): number
  /** Whether all of it is on its way to the client. */
  isComplete(): boolean
  /** Whether it is complete, or the client gone. */
  isClosed(): boolean
  /** What the client has sent with this request, and what was sent to it. */
  bytesIn(): number
  bytesOut(): number
  /** What the host said of the tool that was called. */
  toolReport: string | undefined
  /** Called once, when it is closed. */
  onClosed: (() => void) | undefined
}

/** Who works on an answer. */
export type Author = {
  /** The client is gone before the answer is complete. */
  onLeave(): void
  /** The client takes more. */
  onClientDrain(): void
}

/** The answer to a client, piece by piece. */
export type Reply = Ending & {
  author: Author | undefined
  hasBegun(): boolean
  /** Tells a client that waits to be told that it may send its body. */
  sendContinue(): void
  /** 102, or 103 with its links; for clients that know them. */
  sendInterim(status: number, links: readonly string[]): void
  /** The head may be held back until the next piece or {@link Reply.flush}. */
  begin(head: AnswerHead): void
  /** @returns whether the client takes more */
  write(bytes: Buffer): boolean
  flush(): void
  end(last: Buffer | undefined, trailers: Trailers): void
  /** Answers with an error; cuts off an answer that has begun. */
  refuse(error: AppError): void
  cutOff(): void
}
