import { createHmac, randomBytes } from 'node:crypto'
import type { StoredEvent } from '../model/event.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** As the Standard Webhooks specification writes secrets. */
export const newSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`

export type Message = { headers: Record<string, string>; body: string }

/**
 * An event as it is sent: `webhook-id` is the same in every attempt, so a receiver recognises one that came before;
 * `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com).
 */
export const messageOf = (
  event: Omit<StoredEvent, 'id'> & { id: number | string },
  secret: string,
  now: Date,
): Message => {
  const { id, at, type, ...rest } = event
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { id, ...rest } })
  const messageId = `evt_${id}`
  const timestamp = String(Math.floor(now.getTime() / 1_000))
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const mac = createHmac('sha256', key).update(`${messageId}.${timestamp}.${body}`).digest('base64')
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'berth-webhooks',
      'webhook-id': messageId,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac}`,
    },
  }
}
