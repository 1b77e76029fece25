import { connect, type Socket } from 'node:net'
import { loopbackSource } from '../../base/loopback.ts'
import { createAnswers, type AnswerSink } from './answers.ts'

export const HOST = '127.0.0.1'

/** Why a connection cannot go on with a request. */
export type Failure = {
  cause: Error | undefined
  /** `refused`: nobody listens. `silent`: it closed before the first byte of an answer. */
  kind: 'refused' | 'silent' | 'broken'
}

/** Who uses a connection for one request. */
export type User = AnswerSink & {
  onConnect: () => void
  onDrain: () => void
  onFailure: (failure: Failure) => void
}

export type Connection = {
  readonly socket: Socket
  readonly port: number
  /** Whether it has carried a request before: its host may be closing it right now. */
  isReused: boolean
  /** Until when it may be used again; ms as of `Date.now`. */
  expiresAt: number
  use: (user: User) => void
  destroy: () => void
}

/** @param onIdleEnd it ended while nobody used it */
export const openConnection = (
  port: number,
  onIdleEnd: (connection: Connection) => void,
): Connection => {
  const socket = connect({ host: HOST, port, noDelay: true, ...loopbackSource(HOST) })
  let user: User | undefined
  const connection: Connection = {
    socket,
    port,
    isReused: false,
    expiresAt: 0,
    use: (next) => {
      user = next
      wire.expect(next)
    },
    destroy: () => {
      user = undefined
      socket.destroy()
    },
  }
  const release = (): User | undefined => {
    const last = user
    user = undefined
    return last
  }
  const wire = createWire(socket, {
    user: () => user,
    release,
    onFailure: (failure) => {
      const last = release()
      if (last) last.onFailure(failure)
      else onIdleEnd(connection)
    },
  })
  return connection
}

type WireOwner = {
  user: () => User | undefined
  release: () => User | undefined
  onFailure: (failure: Failure) => void
}

/** What comes over the socket, told to whom it concerns. */
const createWire = (socket: Socket, { user, release, onFailure }: WireOwner) => {
  const answers = createAnswers()
  let isConnected = false
  let hasAnswered = false

  const fail = (cause?: Error): void => {
    socket.destroy()
    const kind = hasAnswered ? 'broken' : 'silent'
    onFailure({ cause, kind: isConnected ? kind : 'refused' })
  }
  socket.on('connect', () => {
    isConnected = true
    user()?.onConnect()
  })
  socket.on('data', (bytes: Buffer) => {
    hasAnswered = true
    try {
      if (!answers.feed(bytes)) fail()
    } catch (error) {
      fail(error instanceof Error ? error : undefined)
    }
  })
  socket.on('drain', () => user()?.onDrain())
  socket.on('error', fail)
  socket.on('end', () => {
    if (answers.finish()) socket.destroy()
    else fail()
  })
  socket.on('close', () => {
    if (user()) fail()
  })

  return {
    expect: (next: User): void => {
      hasAnswered = false
      const onEnd: User['onEnd'] = (last, trailers) => release()?.onEnd(last, trailers)
      answers.expect({ ...next, onEnd })
      if (isConnected) next.onConnect()
    },
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
