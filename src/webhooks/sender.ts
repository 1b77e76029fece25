import { messageOf } from '../base/errors.ts'
import type { Runnable } from '../base/lifecycle.ts'
import { createLoop } from '../base/loop.ts'
import type { Log } from '../base/log.ts'
import type { Webhook } from '../model/webhook.ts'
import { deliver, type DeliveryNeeds } from './deliver.ts'

export type SenderNeeds = DeliveryNeeds & {
  /** Takes the webhooks that have something to send, so that no other process sends for them. */
  claim: () => Promise<Webhook[]>
  release: () => Promise<void>
  log: Log
  /** How often is looked for something to send. */
  pollMs?: number
}

const POLL_MS = 1_000

/** Sends events to webhooks: each gets them in their order, at its own pace, one attempt at a time. */
export const createSender = (needs: SenderNeeds): Runnable => {
  const { claim, log, pollMs = POLL_MS } = needs
  const under = new Map<string, Promise<void>>()

  const send = async (webhook: Webhook, stopping: AbortSignal): Promise<void> => {
    try {
      let from = await deliver(needs, webhook)
      while (from !== undefined && !stopping.aborted)
        from = await deliver(needs, { ...webhook, cursor: from, tries: 0 })
    } catch (error) {
      log.warn('events were not sent', { webhook: webhook.id, reason: messageOf(error) })
    }
  }
  const look = async (stopping: AbortSignal) => {
    for (const webhook of await claim())
      if (!under.has(webhook.id))
        under.set(webhook.id, send(webhook, stopping).finally(() => under.delete(webhook.id))) // prettier-ignore
  }
  const turn = async (stopping: AbortSignal): Promise<number> => {
    await look(stopping).catch((error: unknown) => log.debug('no webhooks', { reason: messageOf(error) })) // prettier-ignore
    return pollMs
  }
  const loop = createLoop({ name: 'webhooks', turn })

  return {
    ...loop,
    stop: async () => {
      await loop.stop()
      await Promise.all(under.values())
      await needs.release().catch(() => undefined) // else the lease ends by itself
    },
  }
}
