import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { isPassed } from './headers.ts'

export type Upload = {
  /** Sends the body over this connection, from its beginning. */
  start: (socket: Socket) => void
  /** The connection takes more. */
  resume: () => void
  stop: () => void
  /** Whether {@link Upload.start} could still send it from its beginning. */
  isRepeatable: () => boolean
  /** An answer has come: the body will not be sent again. */
  forget: () => void
  /** Nobody wants the rest. It is read all the same: the client's next request is behind it. */
  discard: () => void
  isComplete: () => boolean
}

/** @returns undefined when the request has no body */
export const createUpload = (request: IncomingMessage): Upload | undefined => {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (encoding === undefined && (length === undefined || Number(length) === 0)) return undefined
  const write = encoding === undefined ? writePlain : writeChunk
  const kept = createKept()
  let target: Socket | undefined
  let state: 'new' | 'under way' | 'complete' = 'new'
  const resume = () => {
    if (state === 'under way') request.resume()
  }
  const finish = () => {
    if (encoding !== undefined) target?.write(`0\r\n${trailersOf(request)}\r\n`, 'latin1')
  }
  const begin = () => {
    state = 'under way'
    request.on('data', (bytes: Buffer) => {
      kept.add(bytes)
      if (target && !write(target, bytes)) request.pause()
    })
    request.on('end', () => {
      state = 'complete'
      finish()
    })
  }
  return {
    start: (socket) => {
      target = socket
      for (const bytes of kept.all()) write(socket, bytes)
      if (state === 'new') begin()
      else if (state === 'complete') finish()
      else resume()
    },
    resume,
    stop: () => {
      target = undefined
      if (state === 'under way') request.pause()
    },
    isRepeatable: kept.isWhole,
    forget: kept.drop,
    discard: () => request.resume(),
    isComplete: () => state === 'complete',
  }
}

/** So much of a body is kept until its answer begins, for a host that closes its connection without having read it. */
const MAX_KEPT = 64 * 1024

const createKept = () => {
  let chunks: Buffer[] | undefined = []
  let size = 0
  return {
    all: (): readonly Buffer[] => chunks ?? [],
    isWhole: (): boolean => chunks !== undefined,
    add: (bytes: Buffer): void => {
      size += bytes.length
      if (size > MAX_KEPT) chunks = undefined
      else chunks?.push(bytes)
    },
    drop: (): void => {
      chunks = undefined
    },
  }
}

const writePlain = (socket: Socket, bytes: Buffer): boolean => socket.write(bytes)

const writeChunk = (socket: Socket, bytes: Buffer): boolean => {
  socket.cork()
  socket.write(`${bytes.length.toString(16)}\r\n`, 'latin1')
  socket.write(bytes)
  const takesMore = socket.write('\r\n', 'latin1')
  socket.uncork()
  return takesMore
}

/** Trailers are headers that come late, and pass by the same list; none of them may be about the body itself. */
const trailersOf = ({ trailers }: IncomingMessage): string =>
  Object.entries(trailers)
    .filter(([name]) => isPassed(name) && name.startsWith('mcp-'))
    .map(([name, value]) => `${name}: ${value ?? ''}\r\n`)
    .join('')
