import type { Socket } from 'node:net'
import { sendErrorTo } from '../errors.ts'
import { randomUUID } from 'node:crypto'
import { KEEP_ALIVE_MS } from './answer-text.ts'
import { LeanConnection, type LeanOptions } from './connection.ts'
import { tooSlow } from './exchange.ts'

export type Door = {
  take: (socket: Socket) => void
  /** Ends connections that wait for a request. */
  closeIdle: () => void
  closeAll: () => void
}

/** Serves the connections that are given to it, and watches over their time. */
export const createDoor = (options: LeanOptions): Door => {
  const open = new Set<LeanConnection>()
  const forget = (connection: LeanConnection): void => void open.delete(connection)
  // One timer for all: thousands of connections come and go.
  let timer: NodeJS.Timeout | undefined
  const sweep = (): void => {
    const now = Date.now()
    for (const connection of open) check(connection, now)
    if (open.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    take: (socket) => {
      open.add(new LeanConnection(socket, options, forget))
      timer ??= setInterval(sweep, options.slowness.headersMs / 3).unref()
    },
    closeIdle: () => {
      for (const one of open) if (one.idleSince() !== undefined) one.socket.destroySoon()
    },
    closeAll: () => {
      for (const { socket } of open) socket.destroy()
    },
  }
}

const check = (connection: LeanConnection, now: number): void => {
  const { socket } = connection
  connection.check(now)
  const since = connection.idleSince()
  if (since === undefined) return
  if (connection.isNew() && now - since > connection.slowness.headersMs) {
    sendErrorTo(socket, tooSlow(), randomUUID())
    socket.destroySoon()
  } else if (now - since > KEEP_ALIVE_MS) socket.destroySoon()
}
