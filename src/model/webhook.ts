/** Where events are sent; what is sealed is opened for sending alone. */
export type Webhook = {
  id: string
  /** Scheme, host and port of the target; the whole address may hold a secret. */
  origin: string
  sealedUrl: string
  sealedSecret: string
  /** Beginnings of types; empty: all. */
  types: string[]
  service: string | null
  /** May be at a private address. */
  allowPrivate: boolean
  /** `gone`: the target answered 410; nothing is sent to it any more. */
  state: 'active' | 'gone'
  createdAt: Date
  /** Every event up to this one is delivered or dead. */
  cursor: number
  /** Failed attempts in a row. */
  tries: number
  tryAt: Date
  failure: string | null
  deliveredAt: Date | null
}

/** What a target made of an event. `refused`: it is there, and does not want this one. */
export type Delivery =
  { outcome: 'delivered' } | { outcome: 'gone' } | { outcome: 'refused' | 'failed'; reason: string }

/** A webhook as operators see it. */
export type WebhookView = {
  id: string
  origin: string
  types: string[]
  service: string | null
  state: 'active' | 'gone'
  createdAt: string
  tries: number
  failure: string | null
  deliveredAt: string | null
  /** Events behind which nothing was sent yet. */
  waiting: number
  deadLetters: number
}

export type DeadLetter = { eventId: number; at: string; reason: string; event: unknown }
