import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import { createEventFeed } from '../../events/feed.ts'
import type { EventRecorder } from '../../events/recorder.ts'
import type { FleetParts } from '../fleet/parts.ts'
import type { FleetStatus } from '../../model/fleet.ts'
import type { ServiceHealth, Uptime } from '../../model/health.ts'
import type { Database } from '../../store/database.ts'
import {
  lastEventId,
  listEventsAfter,
  listNewestEvents,
  type EventFilter,
} from '../../store/events.ts'
import { listUptimes } from '../../store/health.ts'
import type { Vault } from '../../vault/vault.ts'
import { createWebhookParts } from './webhooks.ts'

type Parts = Pick<FleetParts, 'health'> & {
  database: Database
  vault: Pick<Vault, 'seal' | 'open'>
  recorder: EventRecorder
  fleetStatus: () => FleetStatus
  log: Log
}

/** What operators and users see of what happens: the stream of events, and health with its past. */
export const createObservationParts = (parts: Parts) => {
  const { database, recorder, health, fleetStatus, log } = parts
  const { webhooks, runnable: sending } = createWebhookParts({ ...parts, recordEvent: recorder.record }) // prettier-ignore
  const feed = createEventFeed<EventFilter>({
    read: (filter, range) => listEventsAfter(database, filter, range),
    lastId: () => lastEventId(database),
    onWritten: recorder.onWritten,
    log: log.child('events'),
  })
  const runnable: Runnable = {
    name: 'observation',
    start: sending.start,
    stop: async () => {
      feed.close()
      await sending.stop()
    },
  }
  return {
    runnable,
    needs: {
      webhooks,
      events: {
        follow: feed.follow,
        newest: (filter: EventFilter, range: { before?: number | undefined; limit: number }) =>
          listNewestEvents(database, filter, range),
      },
      listHealth: async (): Promise<ServiceHealth[]> => {
        // Health goes on without the database; its past then is not known.
        const uptimes = await listUptimes(database).catch(() => new Map<string, Uptime>())
        return fleetStatus().services.map(({ service, port, state, since }) => ({
          ...{ service, port, state, since },
          ...factsOf(health.healthOf(service)),
          uptime: uptimes.get(service) ?? UNKNOWN,
        }))
      },
    },
  }
}

const factsOf = (known: ReturnType<FleetParts['health']['healthOf']>) => {
  const { cause = null, reason = null, responseMs = null, failures = 0, checkedAt } = known ?? {}
  const lastCheckAt = checkedAt?.toISOString() ?? null
  return { cause, reason, lastCheckAt, responseMs, consecutiveFailures: failures }
}

const UNKNOWN: Uptime = { day: null, week: null, month: null }
