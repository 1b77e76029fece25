import type { RecordEvent, StoredEvent } from '../model/event.ts'
import type { Delivery, Webhook } from '../model/webhook.ts'

type Range = { after: number; upTo: number; limit: number }

export type DeliveryNeeds = {
  lastId: () => Promise<number>
  read: (webhook: Webhook, range: Range) => Promise<StoredEvent[]>
  /** @throws when address or secret cannot be opened */
  send: (webhook: Webhook, event: StoredEvent) => Promise<Delivery>
  /** @returns false when another process sends by now */
  noteProgress: (webhook: Webhook, progress: { cursor: number; isDelivered: boolean }) => Promise<boolean> // prettier-ignore
  noteFailure: (webhook: Webhook, failure: { tries: number; waitMs: number; failure: string }) => Promise<void> // prettier-ignore
  bury: (webhook: Webhook, dead: { events: StoredEvent[]; reason: string }) => Promise<void>
  retire: (webhook: Webhook) => Promise<void>
  recordEvent: RecordEvent
  now: () => number
}

const PAGE = 50
/** The lease lasts longer, and a slow target must not outlast it. */
const NOTE_MS = 5_000
const FIRST_WAIT_MS = 1_000
const MAX_WAIT_MS = 5 * 60_000
/** A target that is there and says no says it so often. */
const MAX_REFUSALS = 5
/** A target that is not there gets what happened within this time. */
const GIVE_UP_MS = 24 * 3_600_000
/** Dead letters at a time. */
const BURIED = 500

/** Sends a page of events to one webhook, in their order. @returns from where to go on at once; undefined: later */
export const deliver = async (
  needs: DeliveryNeeds,
  webhook: Webhook,
): Promise<number | undefined> => {
  const upTo = await needs.lastId()
  const events = await needs.read(webhook, { after: webhook.cursor, upTo, limit: PAGE })
  let cursor = webhook.cursor
  let notedAt = needs.now()
  let isDelivered = false
  for (const event of events) {
    const delivery: Delivery | undefined = isOwn(webhook, event) ? undefined : await needs.send(webhook, event) // prettier-ignore
    if (delivery && delivery.outcome !== 'delivered') {
      if (isDelivered) await needs.noteProgress(webhook, { cursor, isDelivered })
      const tries = isDelivered ? 0 : webhook.tries
      return setBack(needs, { ...webhook, cursor, tries }, { event, delivery })
    }
    isDelivered ||= delivery !== undefined
    cursor = event.id
    if (needs.now() - notedAt < NOTE_MS) continue
    notedAt = needs.now()
    if (!(await needs.noteProgress(webhook, { cursor, isDelivered }))) return undefined
  }
  return endPage(needs, webhook, { cursor, isDelivered, isLast: events.length < PAGE, upTo })
}

type Page = { cursor: number; isDelivered: boolean; isLast: boolean; upTo: number }

const endPage = async (
  needs: DeliveryNeeds,
  webhook: Webhook,
  { cursor, isDelivered, isLast, upTo }: Page,
): Promise<number | undefined> => {
  const progress = { cursor: isLast ? upTo : cursor, isDelivered }
  const isOurs = await needs.noteProgress(webhook, progress)
  return isOurs && !isLast ? cursor : undefined
}

/** A webhook hears nothing of its own troubles: each would make the next. */
const isOwn = ({ id }: Webhook, { type, data }: StoredEvent): boolean =>
  type.startsWith('webhook.') && data['webhookId'] === id

type SetBack = { event: StoredEvent; delivery: Exclude<Delivery, { outcome: 'delivered' }> }

const setBack = async (
  needs: DeliveryNeeds,
  webhook: Webhook,
  { event, delivery }: SetBack,
): Promise<number | undefined> => {
  const { id, origin } = webhook
  if (delivery.outcome === 'gone') {
    await needs.retire(webhook)
    needs.recordEvent({ type: 'webhook.gone', message: `${origin} wants no more events.`, data: { webhookId: id } }) // prettier-ignore
    return undefined
  }
  const tries = webhook.tries + 1
  const { reason } = delivery
  if (delivery.outcome === 'refused' && tries >= MAX_REFUSALS)
    return bury(needs, webhook, { events: [event], reason })
  if (needs.now() - event.at.getTime() > GIVE_UP_MS)
    return bury(needs, webhook, { events: await outdated(needs, webhook), reason })
  const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), MAX_WAIT_MS)
  await needs.noteFailure(webhook, { tries, waitMs, failure: reason })
  return undefined
}

/** All that was waiting for as long as the first: the target was away all the time. */
const outdated = async (needs: DeliveryNeeds, webhook: Webhook): Promise<StoredEvent[]> => {
  const upTo = await needs.lastId()
  const events = await needs.read(webhook, { after: webhook.cursor, upTo, limit: BURIED })
  return events.filter(({ at }) => needs.now() - at.getTime() > GIVE_UP_MS)
}

const bury = async (
  { bury: put, recordEvent }: DeliveryNeeds,
  webhook: Webhook,
  dead: { events: StoredEvent[]; reason: string },
): Promise<number | undefined> => {
  await put(webhook, dead)
  const [from, to] = [dead.events[0]?.id, dead.events.at(-1)?.id]
  recordEvent({
    type: 'webhook.dead',
    message: `${webhook.origin} did not take ${dead.events.length} events: ${dead.reason}.`,
    data: { webhookId: webhook.id, count: dead.events.length, from, to, reason: dead.reason },
  })
  return to
}
