import { randomUUID } from 'node:crypto'
import { AppError } from '../../base/errors.ts'
import type { Runnable } from '../../base/lifecycle.ts'
import type { Log } from '../../base/log.ts'
import type { RecordEvent, StoredEvent } from '../../model/event.ts'
import type { DeadLetter, Delivery, Webhook, WebhookView } from '../../model/webhook.ts'
import type { Database } from '../../store/database.ts'
import { lastEventId, listEventsAfter } from '../../store/events.ts'
import {
  buryEvents, claimWebhooks, deleteWebhook, findWebhook, insertWebhook, listDeadLetters, listWebhooks, noteFailure,
  noteProgress, releaseWebhooks, retireWebhook,
} from '../../store/webhooks.ts' // prettier-ignore
import type { Vault } from '../../vault/vault.ts'
import { messageOf, newSecret } from '../../webhooks/message.ts'
import { createPost } from '../../webhooks/post.ts'
import { createSender } from '../../webhooks/sender.ts'

type Parts = { database: Database; vault: Pick<Vault, 'seal' | 'open'>; recordEvent: RecordEvent; log: Log; pollMs?: number } // prettier-ignore

type WebhookInput = {
  url: string
  types: string[]
  service: string | null
  allowPrivate: boolean
}

const LISTED = 100

/** Webhooks over store and vault: what routes do with them, and what sends. */
export const createWebhookParts = ({ database, vault, recordEvent, log, pollMs }: Parts) => {
  const { post, close } = createPost()
  const lease = randomUUID()
  const heldOf = ({ id }: Webhook) => ({ id, lease })
  const open = createOpener(vault)
  const send = (webhook: Webhook, event: Omit<StoredEvent, 'id'> & { id: number | string }) => {
    const { url, secret } = open(webhook)
    const { allowPrivate } = webhook
    return post({ url, allowPrivate }, messageOf(event, secret, new Date()))
  }
  const sender = createSender({
    claim: () => claimWebhooks(database, lease),
    release: () => releaseWebhooks(database, lease),
    lastId: () => lastEventId(database),
    read: ({ types, service }, range) =>
      listEventsAfter(database, { types, service: service ?? undefined }, range),
    send,
    noteProgress: (webhook, progress) => noteProgress(database, heldOf(webhook), progress),
    noteFailure: (webhook, failure) => noteFailure(database, heldOf(webhook), failure),
    bury: (webhook, dead) => buryEvents(database, heldOf(webhook), dead),
    retire: (webhook) => retireWebhook(database, heldOf(webhook)),
    recordEvent,
    now: Date.now,
    ...(pollMs !== undefined && { pollMs }),
    log: log.child('webhooks'),
  })
  const runnable: Runnable = {
    ...sender,
    stop: async () => {
      await sender.stop()
      close()
    },
  }
  return { runnable, webhooks: createWebhookDesk({ database, vault }, send) }
}

/** Address and secret of a webhook, opened once for all that is sent by one reading of its row. */
const createOpener = (vault: Pick<Vault, 'open'>) => {
  const opened = new WeakMap<Webhook, { url: string; secret: string }>()
  return (webhook: Webhook) => {
    const known = opened.get(webhook)
    if (known) return known
    const { id, sealedUrl, sealedSecret } = webhook
    const fresh = {
      url: vault.open(placeOf(id, 'sealed_url'), sealedUrl),
      secret: vault.open(placeOf(id, 'sealed_secret'), sealedSecret),
    }
    opened.set(webhook, fresh)
    return fresh
  }
}

type Send = (webhook: Webhook, event: Omit<StoredEvent, 'id'> & { id: string }) => Promise<Delivery>

const createWebhookDesk = ({ database, vault }: Pick<Parts, 'database' | 'vault'>, send: Send) => {
  const find = async (id: string): Promise<Webhook> => {
    const webhook = await findWebhook(database, id)
    if (webhook) return webhook
    throw new AppError('not_found', 'There is no webhook with this id.')
  }
  return {
    add: async ({ url, ...rest }: WebhookInput): Promise<{ id: string; secret: string }> => {
      const [id, secret] = [randomUUID(), newSecret()]
      const sealedUrl = vault.seal(placeOf(id, 'sealed_url'), url)
      const sealedSecret = vault.seal(placeOf(id, 'sealed_secret'), secret)
      const { origin } = new URL(url)
      await insertWebhook(database, { id, origin, sealedUrl, sealedSecret, ...rest })
      return { id, secret }
    },
    list: async (): Promise<WebhookView[]> => (await listWebhooks(database)).map(toView),
    remove: async (id: string): Promise<void> => {
      await find(id)
      await deleteWebhook(database, id)
    },
    test: async (id: string): Promise<Delivery> => {
      const message = 'This is a test.'
      const event = { at: new Date(), type: 'webhook.test', service: null, instanceId: null, userId: null, message, data: {} } // prettier-ignore
      return send(await find(id), { ...event, id: `test_${randomUUID()}` })
    },
    dead: async (id: string): Promise<DeadLetter[]> => {
      await find(id)
      const letters = await listDeadLetters(database, id, LISTED)
      return letters.map(({ at, ...rest }) => ({ ...rest, at: at.toISOString() }))
    },
  }
}

const placeOf = (id: string, column: 'sealed_url' | 'sealed_secret') => ({
  handle: id,
  userId: '',
  service: 'webhook',
  column,
})

const toView = (one: Webhook & { waiting: number; deadLetters: number }): WebhookView => {
  const { id, origin, types, service, state, tries, failure, waiting, deadLetters } = one
  const createdAt = one.createdAt.toISOString()
  const deliveredAt = one.deliveredAt?.toISOString() ?? null
  return { id, origin, types, service, state, createdAt, tries, failure, deliveredAt, waiting, deadLetters } // prettier-ignore
}
