import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { UNPROCESSED_HEADER } from '../../model/host-protocol.ts'

/** How long answers under way may take at shutdown. */
const DRAIN_MS = 3_000
const POLL_MS = 10

/** For a request that may just be coming over a connection that closes: it was not looked at, so it may be sent again. */
const UNPROCESSED = `HTTP/1.1 503 Service Unavailable\r\n${UNPROCESSED_HEADER}: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`

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
  // The connection is closed by the other side: closing it here would tear what was written away, should a request come.
  const closing = new WeakSet<Socket>()
  const closeIdle = () => {
    for (const [socket, count] of open)
      if (count === 0 && !closing.has(socket)) {
        closing.add(socket)
        socket.end(UNPROCESSED)
      }
  }

  return {
    /** @returns false for a request that came too late: it is not to be looked at */
    count: (response: ServerResponse): boolean => {
      const { socket } = response
      if (!socket || closing.has(socket)) return false
      add(socket, 1)
      response.once('close', () => add(socket, -1))
      return true
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
