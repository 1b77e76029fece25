import { Connection } from './connection.ts'

export type Connections = {
  /** A connection to a static port: one that is free, or a new one. */
  take: (port: number) => Connection
  /** A new one, whatever is free. */
  open: (port: number) => Connection
  /** Gives a connection back that may carry another request. */
  release: (connection: Connection, reusableMs: number) => void
  close: () => void
}

/** Free connections that are kept, in all; a host serves many services, each has its own port. */
const MAX_FREE = 1_024
/** Below the hosts' keep-alive time, so that the gateway closes first and no request meets a closing connection. */
const IDLE_MS = 50_000
/** A host that says when it closes may mean it to the second. */
const MARGIN_MS = 1_000
const SWEEP_MS = 5_000
/** A tool call may work for minutes before its answer begins; whoever waits longer than this waits for nothing. */
const ANSWER_MS = 5 * 60_000

/**
 * Keeps connections to hosts open between requests, and gives up requests whose answer does not begin; once it has begun, it
 * may take as long as it likes.
 */
export const createConnections = (answerMs = ANSWER_MS): Connections => {
  const free = createFree()
  // Of connections, not of requests: thousands of them come and go.
  const all = new Set<Connection>()
  let isClosed = false
  const keeper = { onIdleEnd: free.drop, onClose: (ended: Connection) => void all.delete(ended) }
  const open = (port: number): Connection => {
    const connection = new Connection(port, keeper)
    all.add(connection)
    return connection
  }
  const endAll = (connections: readonly Connection[]) => {
    for (const connection of connections) {
      free.drop(connection)
      connection.destroy()
    }
  }
  const sweep = () => {
    const now = Date.now()
    endAll(free.all().filter(({ expiresAt }) => expiresAt <= now))
    for (const connection of all) connection.endLate(now, answerMs)
  }
  const timer = setInterval(sweep, Math.min(SWEEP_MS, answerMs / 60)).unref()
  return {
    open,
    take: (port) => {
      for (let found = free.pop(port); found; found = free.pop(port)) {
        if (found.expiresAt > Date.now() && found.socket.writable) return found
        found.destroy()
      }
      return open(port)
    },
    release: (connection, reusableMs) => {
      const keepMs = Math.min(IDLE_MS, reusableMs - MARGIN_MS)
      const isOfUse = keepMs > 0 && connection.socket.writable
      if (isClosed || !isOfUse || free.count() >= MAX_FREE) return connection.destroy()
      connection.isReused = true
      connection.expiresAt = Date.now() + keepMs
      connection.socket.resume() // a client that was slow may have paused it
      free.push(connection)
    },
    close: () => {
      isClosed = true
      clearInterval(timer)
      endAll(free.all())
    },
  }
}

/** By port; the one used last is the first to be used again, since it is the least likely to be closing. */
const createFree = () => {
  const byPort = new Map<number, Connection[]>()
  let count = 0
  return {
    count: () => count,
    all: () => [...byPort.values()].flat(),
    push: (connection: Connection): void => {
      const list = byPort.get(connection.port)
      if (list) list.push(connection)
      else byPort.set(connection.port, [connection])
      count += 1
    },
    pop: (port: number): Connection | undefined => {
      const found = byPort.get(port)?.pop()
      if (found) count -= 1
      return found
    },
    drop: (connection: Connection): void => {
      const list = byPort.get(connection.port) ?? []
      const index = list.indexOf(connection)
      if (index < 0) return
      list.splice(index, 1)
      count -= 1
    },
  }
}
