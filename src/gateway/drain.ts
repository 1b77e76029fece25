import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** How long clients may go on using connections that are open; each is closed with its next answer. */
const GRACE_MS = 500
/** How long requests under way may take. */
const DRAIN_MS = 5_000
const POLL_MS = 25

/** Who has connections of the server that are none of HTTP to it. */
type Holder = {
  closeIdle?: () => void
  closeAll: () => void
}

/**
 * Takes no more connections, and lets those that are open end: one that is closed while it is idle may meet a request that
 * is just being sent, so most are closed with an answer.
 */
export const drain = async (server: Server, holders: readonly Holder[]): Promise<void> => {
  const state = { isClosed: false }
  const closed = new Promise<void>((resolve) => {
    // http.Server's own would close idle connections at once.
    NetServer.prototype.close.call(server, () => {
      state.isClosed = true
      resolve()
    })
  })
  const until = Date.now() + DRAIN_MS
  const graceUntil = Date.now() + GRACE_MS
  while (!state.isClosed && Date.now() < until) {
    if (Date.now() >= graceUntil) {
      server.closeIdleConnections()
      for (const { closeIdle } of holders) closeIdle?.()
    }
    await delay(POLL_MS)
  }
  server.close() // also ends its timer
  server.closeAllConnections()
  for (const { closeAll } of holders) closeAll()
  await closed
}
