import type { Log } from '../base/log.ts'
import type { AuditVerdict, AuditView, By, RecordAudit } from '../model/audit.ts'
import type { StoredEvent } from '../model/event.ts'
import type { ServiceHealth } from '../model/health.ts'
import type { CutoverDesk } from '../model/cutover.ts'
import type { Changes, FleetStatus } from '../model/fleet.ts'
import type { KeyStatus, Rotation } from '../model/keys.ts'
import type { LiveTraffic } from '../model/live-traffic.ts'
import type { Service } from '../model/service.ts'
import type { IdleInstance, UsageQuery, UsageSum } from '../model/usage.ts'
import type { DeadLetter, Delivery, WebhookView } from '../model/webhook.ts'
import type { Accounts } from './accounts.ts'
import type { JudgeFailure } from './find-caller.ts'
import type { OAuthClientNeeds, SignInNeeds } from './oauth-needs.ts'
import type { Identify } from './identify.ts'

type AuditFilter = Partial<Record<'actor' | 'action' | 'target', string | undefined>> & {
  before?: number | undefined
  limit: number
}
type RotationJob = { isRunning: boolean; rotation: Rotation | null; failure: string | null }

export type EventFilter = {
  /** Beginnings of types. */
  types?: readonly string[] | undefined
  service?: string | undefined
  instanceId?: string | undefined
  userId?: string | undefined
}
/** The next events, possibly none; `last` is the id up to which was looked. */
export type EventPage = { events: StoredEvent[]; last: number }

/** What happens, and how services are. */
type ObservationNeeds = {
  events: {
    /** Ends when whoever takes the pages does. */
    follow: (filter: EventFilter, after: number | undefined) => Promise<AsyncIterable<EventPage>>
    newest: (
      filter: EventFilter,
      range: { before?: number | undefined; limit: number },
    ) => Promise<StoredEvent[]>
  }
  listHealth: () => Promise<ServiceHealth[]>
  webhooks: {
    add: (wanted: {
      url: string
      types: string[]
      service: string | null
      allowPrivate: boolean
    }) => Promise<{ id: string; secret: string }>
    list: () => Promise<WebhookView[]>
    remove: (id: string) => Promise<void>
    test: (id: string) => Promise<Delivery>
    dead: (id: string) => Promise<DeadLetter[]>
  }
}

/** What the routes need of the rest of the daemon. */
export type ApiNeeds = SignInNeeds &
  OAuthClientNeeds &
  ObservationNeeds & {
    accounts: Accounts
    identify: Identify
    judgeFailure: JudgeFailure
    /** Whose word about a request's client counts; by default nobody's. */
    trustedProxies?: readonly string[]
    countInstances: () => Promise<{ service: string; instances: number; active: number }[]>
    sumUsage: (query: UsageQuery) => Promise<UsageSum[]>
    listIdle: (query: { before: Date; limit: number }) => Promise<IdleInstance[]>
    /** Of the installed Berth. */
    version: string
    baseUrl: string
    services: () => readonly Service[]
    /** Whether something is known of a service that may be gone. */
    isInHistory: (service: string) => Promise<boolean>
    fleetStatus: () => FleetStatus
    /** The text of `/metrics`. */
    scrape: () => Promise<string>
    live: () => LiveTraffic
    /** What changes the running fleet. */
    fleet: {
      plan: () => Promise<Changes>
      apply: () => Promise<Changes>
      restart: (services: readonly string[]) => Promise<void>
      stopServices: (services: readonly string[]) => Promise<void>
      startServices: (services: readonly string[]) => Promise<void>
    }
    recordAudit: RecordAudit
    audit: {
      /** Newest first, before an entry. */
      list: (filter: AuditFilter) => Promise<AuditView[]>
      verify: () => Promise<AuditVerdict>
      prune: (before: Date, by: By) => Promise<number>
    }
    /** The vault's keys. */
    keys: {
      status: () => Promise<KeyStatus>
      job: () => RotationJob
      rotate: (by: By, kid?: string) => Promise<RotationJob>
      remove: (kid: string, by: By) => Promise<void>
    }
    /** From the older model to this one. */
    cutover: CutoverDesk
    migrationStatus: () => Promise<{ version: number; newest: number }>
    log: Log
  }
