import type { Socket } from 'node:net'
import type { Call } from '../call.ts'
import { Exchange, type Carrier, type Slowness } from './exchange.ts'
import { readPlainHead, type PlainHead } from './request-head.ts'

export type LeanOptions = {
  /** @returns false for a request that is none of the gateway's */
  serve: (call: Call) => boolean
  /** Somebody else has the connection from here on, with these bytes first. */
  handOver: (socket: Socket, bytes: Buffer) => void
  isDraining: () => boolean
  slowness: Slowness
}

const END_OF_HEAD = Buffer.from('\r\n\r\n')
/** As with Node's own server. */
const MAX_HEAD = 16 * 1024

/**
 * Serves a connection while its requests are plain ones for the gateway, one after the other, neither faster than they are
 * answered nor than the client takes the answers. With the first that is not, it is handed over.
 */
export class LeanConnection implements Carrier {
  readonly socket: Socket
  readonly slowness: Slowness
  readonly #options: LeanOptions
  readonly #onEnd: (connection: LeanConnection) => void
  #current: Exchange | undefined
  /** The head of the request before: the next one mostly has the same. */
  #known: { text: string; head: PlainHead } | undefined
  /** What came behind the request under way. */
  #behind: Buffer | undefined
  #idleSince = Date.now()
  #isNew = true

  /** @param onEnd it is closed or handed over */
  constructor(socket: Socket, options: LeanOptions, onEnd: (connection: LeanConnection) => void) {
    this.socket = socket
    this.slowness = options.slowness
    this.#options = options
    this.#onEnd = onEnd
    this.#listen('on')
  }

  isDraining(): boolean {
    return this.#options.isDraining()
  }

  /** Since when it waits for a request, ms as of `Date.now`; undefined: it does not. */
  idleSince(): number | undefined {
    return this.#current ? undefined : this.#idleSince
  }

  /** Whether it has carried no request yet. */
  isNew(): boolean {
    return this.#isNew
  }

  check(now: number): void {
    this.#current?.check(now)
  }

  onProgress(): void {
    const outcome = this.#current?.outcome()
    if (outcome === undefined) return
    this.#current = undefined
    this.#idleSince = Date.now()
    if (outcome === 'kept') this.#next()
    else this.socket.destroySoon()
  }

  readonly #listeners = {
    data: (bytes: Buffer): void => this.#take(bytes),
    drain: (): void => (this.#current ? this.#current.reply.author?.onClientDrain() : this.#next()),
    // A client that says nothing more does not wait for an answer either.
    end: (): void => (this.#current ? void this.socket.destroy() : this.socket.destroySoon()),
    error: (): void => undefined, // its end is noticed by its close
    close: (): void => {
      this.#current?.reply.close()
      this.#onEnd(this)
    },
  }

  #listen(how: 'on' | 'off'): void {
    for (const [event, listener] of Object.entries(this.#listeners))
      this.socket[how](event, listener)
  }

  #take(bytes: Buffer): void {
    if (this.#current) {
      const rest = this.#current.body ? this.#current.body.feed(bytes) : bytes
      if (rest) this.#keep(rest)
      this.onProgress()
    } else if (this.socket.writableNeedDrain) this.#keep(bytes)
    else this.#begin(bytes)
  }

  #keep(bytes: Buffer): void {
    this.#behind = this.#behind ? Buffer.concat([this.#behind, bytes]) : bytes
    this.socket.pause()
  }

  #next(): void {
    if (this.socket.writableNeedDrain) return
    const bytes = this.#behind
    this.#behind = undefined
    if (bytes) process.nextTick(() => this.#begin(bytes))
    if (this.socket.isPaused()) this.socket.resume()
  }

  #begin(bytes: Buffer): void {
    if (this.socket.destroyed) return
    const at = bytes.indexOf(END_OF_HEAD)
    const isWhole = at >= 0 && at <= MAX_HEAD
    const head = isWhole ? this.#read(bytes.toString('latin1', 0, at)) : undefined
    if (!head) return this.#leave(bytes)
    const headBytes = at + END_OF_HEAD.length
    const exchange = new Exchange(this, head, headBytes)
    this.#current = exchange
    // Whoever serves it finds the body here, as far as it came, so that it can go on with the head in one piece.
    if (bytes.length > headBytes) this.#take(bytes.subarray(headBytes))
    if (!this.#options.serve(exchange)) return this.#leave(bytes)
    this.#isNew = false
  }

  #read(text: string): PlainHead | undefined {
    if (this.#known?.text === text) return this.#known.head
    const head = readPlainHead(text)
    this.#known = head && { text, head }
    return head
  }

  #leave(bytes: Buffer): void {
    this.#listen('off')
    this.#current = undefined
    this.#behind = undefined
    this.#onEnd(this)
    this.#options.handOver(this.socket, bytes)
  }
}
