import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { markRead } from '../traffic.ts'

/**
 * Takes a server's connections away from it.
 *
 * @returns gives it one after all, with the bytes that were read of it
 */
export const takeConnections = (server: Server, take: (socket: Socket) => void) => {
  const own = server.listeners('connection')
  server.removeAllListeners('connection')
  server.on('connection', take)
  return (socket: Socket, bytes: Buffer): void => {
    markRead(socket, socket.bytesRead - bytes.length)
    socket.pause()
    socket.unshift(bytes)
    for (const listener of own) listener.call(server, socket)
    socket.resume()
  }
}
