import { setTimeout as delay } from 'node:timers/promises'
import { AppError, messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { StoredEvent } from '../model/event.ts'
import { createHead } from './head.ts'

type EventRange = { after: number; upTo: number; limit: number }

type FeedOptions<Filter> = {
  read: (filter: Filter, range: EventRange) => Promise<StoredEvent[]>
  lastId: () => Promise<number>
  /** Calls when this process has written some. @returns what ends it */
  onWritten: (listener: () => void) => () => void
  log: Log
  /** How often is looked for what other processes have written. */
  pollMs?: number
  heartbeatMs?: number
}

/** The next events, possibly none; everything up to `last` has been told, or was filtered out. */
export type EventPage = { events: StoredEvent[]; last: number }

const POLL_MS = 1_000
const HEARTBEAT_MS = 15_000
const PAGE = 500
/** Followers at a time; each holds a page at most. */
const MAX_FOLLOWERS = 200

/**
 * Lets any number follow the events, each at their own pace: every page is read from the table, so one who is slow costs
 * nobody memory, and one who comes back misses nothing.
 */
export const createEventFeed = <Filter>(options: FeedOptions<Filter>) => {
  const { read, lastId, log, pollMs = POLL_MS, heartbeatMs = HEARTBEAT_MS } = options
  const stopping = new AbortController()
  const head = createHead(options, { pollMs, signal: stopping.signal })
  let followers = 0

  /** One step; an empty page is a heartbeat. */
  const nextPage = async (filter: Filter, after: number): Promise<EventPage> => {
    try {
      if (!(await head.waitBeyond(after, heartbeatMs))) return { events: [], last: after }
      const upTo = head.last()
      const events = await read(filter, { after, upTo, limit: PAGE })
      return { events, last: events.length < PAGE ? upTo : (events.at(-1)?.id ?? upTo) }
    } catch (error) {
      log.warn('events were not read', { reason: messageOf(error) })
      await delay(pollMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      return { events: [], last: after }
    }
  }

  async function* follow(filter: Filter, from: number): AsyncGenerator<EventPage> {
    let after = from
    followers += 1
    head.use(1)
    try {
      yield { events: [], last: after }
      while (!stopping.signal.aborted) {
        const page = await nextPage(filter, after)
        after = page.last
        yield page
      }
    } finally {
      followers -= 1
      head.use(-1)
    }
  }

  return {
    /**
     * @param after the last event that is known; undefined: from now on
     * @throws AppError `too_many_requests`
     */
    follow: async (
      filter: Filter,
      after: number | undefined,
    ): Promise<AsyncIterable<EventPage>> => {
      if (followers >= MAX_FOLLOWERS)
        throw new AppError('too_many_requests', `${MAX_FOLLOWERS} follow the events already.`)
      return follow(filter, after ?? (await lastId()))
    },
    /** Ends all followers. */
    close: (): void => {
      stopping.abort()
    },
  }
}
