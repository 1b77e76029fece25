import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/** By which an older client says which conversation a message is of. Nothing is kept under it but calls under way. */
const SESSION_HEADER = 'mcp-session-id'

type Id = string | number

/** Ids of requests are unique within one conversation alone, so without a name for it no call can be cancelled. */
const keyOf = (headers: IncomingHttpHeaders, id: Id): string | undefined => {
  const session = headers[SESSION_HEADER]
  return typeof session === 'string' ? `${session} ${JSON.stringify(id)}` : undefined
}

const underWay = new Map<string, () => void>()

export const nameConversation = (): Record<string, string> => ({ [SESSION_HEADER]: randomUUID() })

/**
 * Notes what ends a call.
 * @returns what takes the note away
 */
export const noteCall = (headers: IncomingHttpHeaders, id: Id, end: () => void): (() => void) => {
  const key = keyOf(headers, id)
  if (key === undefined) return () => undefined
  underWay.set(key, end)
  return () => {
    if (underWay.get(key) === end) underWay.delete(key)
  }
}

/** Ends the call that a client does not want any more. One that is over, or was never here, is no mistake. */
export const cancelCall = (headers: IncomingHttpHeaders, id: Id): void => {
  const key = keyOf(headers, id)
  if (key !== undefined) underWay.get(key)?.()
}
