import { connect, type Socket } from 'node:net'
import { AppError } from '../../base/errors.ts'
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
  /** Whether the answer may begin whenever it likes. */
  readonly isPatient: boolean
  onConnect(): void
  /** All that has come so far has been handed on. */
  onCaughtUp(): void
  onDrain(): void
  onFailure(failure: Failure): void
  /** The answer did not begin in time. */
  giveUp(error: AppError): void
}

/** Who keeps connections. */
export type Keeper = {
  /** It ended while nobody used it. */
  onIdleEnd(connection: Connection): void
  onClose(connection: Connection): void
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
  readonly #keeper: Keeper
  readonly #answers = new Answers(() => (this.#user = undefined))
  #user: User | undefined
  /** Since when its user waits for an answer that has to begin. */
  #waitsSince: number | undefined
  #isConnected = false
  #hasAnswered = false

  constructor(port: number, keeper: Keeper) {
    this.port = port
    this.#keeper = keeper
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
        keeper.onClose(this)
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
    this.#waitsSince = user.isPatient ? undefined : Date.now()
    this.#hasAnswered = false
    this.#answers.expect(user)
    if (this.#isConnected) user.onConnect()
  }

  /** An answer has begun. */
  noteAnswer(): void {
    this.#waitsSince = undefined
  }

  /** Ends a request that has waited for longer. @param now ms as of `Date.now` */
  endLate(now: number, deadlineMs: number): void {
    if (this.#waitsSince === undefined || now - this.#waitsSince <= deadlineMs) return
    this.#waitsSince = undefined
    this.#user?.giveUp(new AppError('service_timeout', 'The service did not begin to answer in time.')) // prettier-ignore
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
    else this.#keeper.onIdleEnd(this)
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
