import { redact, redactText } from '../base/redact.ts'
import type { FleetEvent, NewEvent } from '../model/event.ts'

const MAX_MESSAGE = 500
const MAX_NAME = 200
const MAX_DATA = 8_192
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** An event without secrets, of bounded size, and with nothing that Postgres takes for no text. */
export const plainEvent = (event: FleetEvent, at: Date): NewEvent => {
  const { type, service, instanceId, userId, message, data } = event
  return {
    at,
    type,
    service: service === undefined ? undefined : plain(service, MAX_NAME),
    instanceId: instanceId === undefined ? undefined : plain(instanceId, MAX_NAME),
    userId: userId !== undefined && UUID.test(userId) ? userId : undefined,
    message: plain(message, MAX_MESSAGE),
    data: plainData(data ?? {}),
  }
}

const plain = (text: string, max: number): string =>
  Buffer.from(
    redactText(text.slice(0, 4 * max))
      .replaceAll('\0', '')
      .slice(0, max),
  ).toString()

const plainData = (data: NonNullable<FleetEvent['data']>): string => {
  try {
    const text = JSON.stringify(redact(data), (_key, value: unknown) =>
      typeof value === 'string' ? plain(value, MAX_DATA) : value,
    )
    return text.length <= MAX_DATA ? text : JSON.stringify({ cut: true, length: text.length })
  } catch {
    return '{}' // a number or an object that JSON does not know
  }
}
