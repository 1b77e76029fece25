import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { NewEvent, RecordEvent } from '../model/event.ts'
import { plainEvent } from './plain.ts'
import { createEventQueue } from './queue.ts'

/** Adds a batch, all or none; a number of this writer that is there already is left out. */
export type AppendEvents = (
  writer: { id: string; batch: number },
  events: readonly NewEvent[],
) => Promise<void>

export type EventRecorder = {
  record: RecordEvent
  /** From now on there is a database; what has waited goes first. */
  writeTo: (append: AppendEvents) => void
  /** Calls after every batch that was written. @returns what ends it */
  onWritten: (listener: () => void) => () => void
  /** Writes what waits, not for long. */
  stop: () => Promise<void>
}

type RecorderOptions = {
  log: Log
  now?: () => Date
  retryMs?: number
  maxWaiting?: number
}

const MAX_WAITING = 100_000
const MAX_WAITING_BYTES = 32 * 1024 * 1024
const MAX_BATCH = 1_000
const RETRY_MS = 500
const STOP_MS = 3_000
/** A batch that a database which answers refuses so often is refused for good. */
const MAX_REFUSALS = 3

/** Keeps events in their order until the database has them. */
export const createEventRecorder = (options: RecorderOptions): EventRecorder => {
  const { log, now = () => new Date(), retryMs = RETRY_MS, maxWaiting = MAX_WAITING } = options
  const limits = { events: maxWaiting, bytes: MAX_WAITING_BYTES, batch: MAX_BATCH }
  const queue = createEventQueue(limits, now)
  const listeners = new Set<() => void>()
  const stopping = new AbortController()
  const write = createWriting(queue, log)
  let append: AppendEvents | undefined
  let writing: Promise<void> | undefined

  const writeAll = async (to: AppendEvents) => {
    while (queue.length() > 0) {
      if (await write(to)) for (const listener of listeners) listener()
      else if (stopping.signal.aborted) return
      else await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const kick = (): void => {
    if (!append || writing || queue.length() === 0) return
    writing = writeAll(append).finally(() => {
      writing = undefined
      if (!stopping.signal.aborted) kick() // for what came in the moment of the end
    })
  }

  return {
    record: (event) => {
      if (queue.add(plainEvent(event, now()))) kick()
    },
    writeTo: (to) => {
      append = to
      kick()
    },
    onWritten: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop: async () => {
      stopping.abort()
      kick()
      await Promise.race([writing, delay(STOP_MS, undefined, { ref: false })])
      append = undefined
    },
  }
}

/** @returns what writes the head of the queue, and tells whether it is dealt with */
const createWriting = (queue: ReturnType<typeof createEventQueue>, log: Log) => {
  const id = randomUUID()
  let batch = 1
  let refusals = 0
  return async (append: AppendEvents): Promise<boolean> => {
    let isLost = false
    try {
      await append({ id, batch }, queue.head())
    } catch (error) {
      const isAway = error instanceof AppError && error.code === 'database_unavailable'
      refusals += isAway ? 0 : 1
      isLost = refusals >= MAX_REFUSALS
      const fields = { waiting: queue.length(), reason: messageOf(error) }
      log.warn('events were not written', fields)
      if (!isLost) return false
    }
    queue.shift({ isLost })
    batch += 1
    refusals = 0
    return true
  }
}
