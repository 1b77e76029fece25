import { checkEventTypes } from '../api/known-names.ts'
import type { Config } from '../base/config.ts'
import type { StoredEvent } from '../model/event.ts'
import { listNewestEvents } from '../store/events.ts'
import { findDaemon } from './daemon-client.ts'
import { withLocalStores } from './local-stores.ts'

export type EventQuery = {
  type?: string | undefined
  service?: string | undefined
  instance?: string | undefined
  limit: number
}

/** An event as commands print it. */
export type EventView = Omit<StoredEvent, 'at'> & { at: string }

export const EVENTS_PATH = '/api/v1/events'

export const queryOf = ({ type, service, instance }: Omit<EventQuery, 'limit'>): URLSearchParams =>
  new URLSearchParams({
    ...(type !== undefined && { type }),
    ...(service !== undefined && { service }),
    ...(instance !== undefined && { instance }),
  })

/** The newest events, oldest first: of the daemon, or read from the database while it is down. */
export const readEvents = async (config: Config, query: EventQuery): Promise<EventView[]> => {
  const daemon = await findDaemon(config)
  if (daemon) {
    const asked = queryOf(query)
    asked.set('limit', String(query.limit))
    const page = await daemon.get<{ events: EventView[] }>(`${EVENTS_PATH}/history?${asked.toString()}`) // prettier-ignore
    return page.events.reverse()
  }
  const { type, service, instance: instanceId, limit } = query
  const types = type?.split(',').filter(Boolean) ?? []
  checkEventTypes(types)
  const filter = { types, service, instanceId }
  const events = await withLocalStores(config, ({ database }) =>
    listNewestEvents(database, filter, { limit }),
  )
  return events.reverse().map((event) => ({ ...event, at: event.at.toISOString() }))
}
