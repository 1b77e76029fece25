/** What may happen, by area; the table in FORMATS.md. A type is a contract: it may be added, never renamed. */
export const EVENT_TYPES = {
  'service.state': 'a service has another state than before; `data`: from, to, cause, reason',
  'service.restarted': 'a service or its host was restarted, or ended and came back; `data`: cause',
  'service.quarantined': 'kept out of service for a while, since it goes on crashing',
  'service.released': 'tried again after quarantine',
  'service.culprit': 'moved into a host of its own, since it took a packed one down',
  'service.stopped': 'taken out of service by the operator',
  'service.started': 'brought back by the operator',
  'deployment.applied': 'the running fleet was changed; `data.changes` says what',
  'deployment.failed': 'the running fleet could not be changed',
  'config.changed': 'a service runs with another config; `data.fields` names the paths',
  'key.valid': 'an API takes a key again',
  'key.invalid': 'an API refuses a key',
  'key.unreachable': 'an API says nothing of a key',
  'key.rotation': 'the vault began or ended to seal everything by another key; `data.phase`',
  'oauth.revoked': 'an authorization server no longer renews access',
  'migration.run': 'instances of the older model were migrated',
  'migration.rolled_back': 'a migration was rolled back',
  'cutover.step': 'a cutover went on to its next step',
  'cutover.reverted': 'a cutover went back',
  'webhook.dead': 'a webhook’s target did not take events; they are dead letters',
  'webhook.gone': 'a webhook’s target answered 410: nothing is sent to it any more',
  'events.lost': 'events that could not be kept; `data.count` says how many',
} as const

type EventType = keyof typeof EVENT_TYPES

/** Something that happened and that somebody may want to hear of. Never with a secret in it. */
export type FleetEvent = {
  type: EventType
  service?: string | undefined
  /** The instance's handle. */
  instanceId?: string | undefined
  userId?: string | undefined
  /** One sentence for people. */
  message: string
  /** For programs: small, without secrets. */
  data?: Readonly<Record<string, unknown>> | undefined
}

/** Returns at once and never throws; the event is written as soon as the database takes it. */
export type RecordEvent = (event: FleetEvent) => void

/** An event as it is kept. */
export type StoredEvent = {
  /** Ascending, in the order of writing; with gaps. */
  id: number
  at: Date
  type: string
  service: string | null
  instanceId: string | null
  userId: string | null
  message: string
  data: Readonly<Record<string, unknown>>
}

/** An event that waits to be written; `data` is the text of a JSON object. */
export type NewEvent = Omit<FleetEvent, 'data'> & { at: Date; data: string }
