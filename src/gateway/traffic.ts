import type { Socket } from 'node:net'
import type { Ending } from './call.ts'

/** How much of a connection was read when its last request ended. */
const marks = new WeakMap<Socket, number>()

/** What was read of a connection so far belongs to none of its requests to come. */
export const markRead = (socket: Socket, bytes = socket.bytesRead): void =>
  void marks.set(socket, bytes)

/** Counts what a request and its answer take of a connection that carries others before and after. */
export const countTraffic = (socket: Socket) => {
  const read = marks.get(socket) ?? 0
  const written = socket.bytesWritten
  return {
    bytesIn: (): number => Math.max(0, socket.bytesRead - read),
    bytesOut: (): number => Math.max(0, socket.bytesWritten - written),
  }
}

/** The end of a connection that gets another protocol. */
export const endingOf = (socket: Socket): Ending => {
  const { bytesIn, bytesOut } = countTraffic(socket)
  const ending: Ending = {
    status: () => 0,
    isComplete: () => false,
    isClosed: () => socket.closed,
    bytesIn,
    bytesOut,
    toolReport: undefined,
    onClosed: undefined,
  }
  socket.once('close', () => ending.onClosed?.())
  return ending
}
