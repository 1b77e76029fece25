import { connect, type Socket } from 'node:net'
import { loopbackSource } from '../../base/loopback.ts'
import { Answers, type AnswerSink } from './answers.ts'

export const HOST = '127.0.0.1'

/** Why a connection cannot go on with a request. */
export type Failure = {
  cause: Error | undefined
  /** `refused`: nobody listens. `silent`: it closed before the first byte of an answer. */
  kind: 'refused' | 'silent' | 'broken'
}

/** Who uses a connection for one request. */
export type User = AnswerSink & {
  onConnect(): void
  /** All that has come so far has been handed on. */
  onCaughtUp(): void
  onDrain(): void
  onFailure(failure: Failure): void
}

/**
 * What is read goes through this, for all connections, and is copied to its size: by itself Node takes as much memory for
 * each read, and gives back most of it.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

/** A connection to a host, for one request at a time. */
export class Connection {
  readonly socket: Socket
  readonly port: number
  /** Whether it has carried a request before: its host may be closing it right now. */
  isReused = false
  /** Until when it may be used again; ms as of `Date.now`. */
  expiresAt = 0
  readonly #onIdleEnd: (connection: Connection) => void
  readonly #answers = new Answers(() => (this.#user = undefined))
  #user: User | undefined
  #isConnected = false
  #hasAnswered = false

  /** @param onIdleEnd it ended while nobody used it */
  constructor(port: number, onIdleEnd: (connection: Connection) => void) {
    this.port = port
    this.#onIdleEnd = onIdleEnd
    this.socket = connect({
      host: HOST,
      port,
      noDelay: true,
      ...loopbackSource(HOST),
      onread: this.#reading,
    })
      .on('connect', () => {
        this.#isConnected = true
        this.#user?.onConnect()
      })
      .on('drain', () => this.#user?.onDrain())
      .on('error', (cause) => this.#fail(cause))
      .on('end', () => (this.#answers.finish() ? this.socket.destroy() : this.#fail()))
      .on('close', () => {
        if (this.#user) this.#fail()
      })
  }

  readonly #reading = {
    buffer: READ_BUFFER,
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      this.#feed(Buffer.from(buffer.subarray(0, bytes)))
      return true
    },
  }

  use(user: User): void {
    this.#user = user
    this.#hasAnswered = false
    this.#answers.expect(user)
    if (this.#isConnected) user.onConnect()
  }

  destroy(): void {
    this.#user = undefined
    this.socket.destroy()
  }

  #feed(bytes: Buffer): void {
    this.#hasAnswered = true
    try {
      if (!this.#answers.feed(bytes)) this.#fail()
      this.#user?.onCaughtUp()
    } catch (error) {
      this.#fail(error instanceof Error ? error : undefined)
    }
  }

  #fail(cause?: Error): void {
    this.socket.destroy()
    const kind = this.#hasAnswered ? 'broken' : 'silent'
    const user = this.#user
    this.#user = undefined
    if (user) user.onFailure({ cause, kind: this.#isConnected ? kind : 'refused' })
    else this.#onIdleEnd(this)
  }
}

const PROBE_MS = 1_000

/** Whether somebody listens on a static port. */
export const canConnect = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: HOST, port, timeout: PROBE_MS, ...loopbackSource(HOST) })
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.on('connect', () => end(true))
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
  })
