import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Runnable } from '../base/lifecycle.ts'
import type { Log } from '../base/log.ts'

export type ListenerOptions = {
  url: string
  channel: string
  onMessage: (payload: string) => void
  /** Runs with every connection after the first: what was said meanwhile is lost. */
  onGap: () => void
  log: Log
  /** How often the connection is asked whether it is still there: a half-open one is silent for hours. */
  heartbeatMs?: number
  /** How long it may take to answer. */
  answerMs?: number
}

const CONNECT_MS = 5_000
const ANSWER_MS = 5_000
const HEARTBEAT_MS = 10_000
const RETRY_MS = 250
const MAX_RETRY_MS = 5_000

/**
 * Listens to a channel of Postgres (`LISTEN`) on a connection of its own, and connects again whenever that breaks. It has
 * started when it listens, or has failed to for the first time.
 */
export const createListener = (options: ListenerOptions): Runnable => {
  const stopping = new AbortController()
  const isStopping = () => stopping.signal.aborted
  let client: pg.Client | undefined
  let running: Promise<void> | undefined
  let hasListened = false

  const run = async (ready: () => void): Promise<void> => {
    for (let failures = 0; !isStopping(); failures++) {
      client = newClient(options)
      try {
        await listenWith(client, options, () => {
          if (hasListened) options.onGap()
          hasListened = true
          failures = 0
          ready()
        })
        if (!isStopping()) options.log.warn('no longer listening to the database')
      } catch (error) {
        if (failures === 0) options.log.warn('cannot listen to the database', { error })
        ready()
      }
      const waitMs = Math.min(RETRY_MS * 2 ** failures, MAX_RETRY_MS)
      await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  return {
    name: 'listener',
    start: () =>
      new Promise((ready) => {
        running ??= run(ready)
      }),
    stop: async () => {
      stopping.abort()
      await client?.end().catch(() => undefined)
      await running
    },
  }
}

/** Resolves when the connection is gone. */
const listenWith = async (
  client: pg.Client,
  { channel, heartbeatMs = HEARTBEAT_MS }: ListenerOptions,
  onListening: () => void,
): Promise<void> => {
  const ended = new Promise((resolve) => client.once('end', resolve))
  try {
    await client.connect()
    await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    onListening()
    const heartbeat = new AbortController()
    void beat(client, heartbeatMs, heartbeat.signal)
    await ended
    heartbeat.abort()
  } finally {
    await client.end().catch(() => undefined)
  }
}

const newClient = ({ url, onMessage, answerMs = ANSWER_MS }: ListenerOptions): pg.Client => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: answerMs,
    keepAlive: true,
    application_name: 'berth listener',
  })
  client.on('error', () => undefined) // `end` follows
  client.on('notification', ({ payload = '' }) => onMessage(payload))
  return client
}

/** Ends a connection that no longer answers. */
const beat = async (client: pg.Client, everyMs: number, signal: AbortSignal): Promise<void> => {
  try {
    for (;;) {
      await delay(everyMs, undefined, { signal })
      await client.query('select 1')
    }
  } catch {
    await client.end().catch(() => undefined)
  }
}
