import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** How long answers under way may take at shutdown. */
const DRAIN_MS = 3_000
const POLL_MS = 10

/**
 * Counts the requests under way by connection. Connections come from many listeners, so the HTTP server itself cannot
 * tell, and its own `closeIdleConnections` and `closeAllConnections` do nothing.
 */
export const createRequests = (server: Server) => {
  const open = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0)
    socket.once('close', () => open.delete(socket))
  })
  const add = (socket: Socket, difference: number) => {
    const count = open.get(socket)
    if (count !== undefined) open.set(socket, count + difference)
  }
  const closeIdle = () => {
    for (const [socket, count] of open) if (count === 0) socket.destroySoon() // what was written still leaves
  }

  return {
    count: (response: ServerResponse): void => {
      const { socket } = response
      if (!socket) return
      add(socket, 1)
      response.once('close', () => add(socket, -1))
    },
    /** Waits for the requests under way, within bounds, and closes every connection. */
    drain: async (): Promise<void> => {
      closeIdle()
      for (let waited = 0; open.size > 0 && waited < DRAIN_MS; waited += POLL_MS) {
        await delay(POLL_MS)
        closeIdle()
      }
      for (const socket of open.keys()) socket.destroy()
    },
  }
}
