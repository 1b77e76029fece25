import type { IncomingHttpHeaders } from 'node:http'
import { isClientCapabilities, isClientInfo, isId, isObject } from './client-claims.ts'

/** The two eras of the protocol: sessions and `initialize` until 2025-11-25, an envelope in each request since 2026-07-28. */
export type Era = 'legacy' | 'modern'
type Id = string | number

/** A message that is answered without the SDK. */
export type HotMessage =
  | {
      kind: 'call'
      era: Era
      id: Id
      name: string
      args: Record<string, unknown>
      /** Of a client that wants to hear that the call goes on. */
      progressToken: Id | undefined
    }
  | { kind: 'list'; era: Era; id: Id }
  | { kind: 'discover'; era: 'modern'; id: Id }
  | { kind: 'initialize'; era: 'legacy'; id: Id; version: string }
  | { kind: 'ping'; era: 'legacy'; id: Id }
  | { kind: 'notification'; cancels: Id | undefined }

/** As the SDK supports them; a test compares. */
export const LEGACY_VERSIONS = [
  '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', '2024-10-07',
] as const // prettier-ignore
export const MODERN_VERSION = '2026-07-28'

const META = 'io.modelcontextprotocol/'
const VERSION_KEY = `${META}protocolVersion`
const CAPABILITIES_KEY = `${META}clientCapabilities`
const INFO_KEY = `${META}clientInfo`

/**
 * Recognises the messages that come all day, in their plain form. It never refuses: whatever is unusual, let alone wrong,
 * is the SDK's to answer, so that nothing here has to imitate its refusals.
 */
export const readHotMessage = (
  headers: IncomingHttpHeaders,
  body: Buffer,
): HotMessage | undefined => {
  const isJson = /^application\/json(?:; ?charset=utf-8)?$/i.test(headers['content-type'] ?? '')
  const plain = isJson ? readPlain(body) : undefined
  if (!plain) return undefined
  const version = headers['mcp-protocol-version']
  if (version === MODERN_VERSION)
    return isRequest(plain) ? modernMessage(headers, plain) : undefined
  if (!isLegacyExchange(headers, version) || !isLegacyMeta(plain.params['_meta'])) return undefined
  if (isRequest(plain)) return legacyMessage(plain)
  return plain.method === 'initialize' ? undefined : notificationOf(plain)
}

const notificationOf = ({ method, params }: Plain): HotMessage => {
  const { requestId } = params
  const isCancelling = method === 'notifications/cancelled' && isId(requestId)
  return { kind: 'notification', cancels: isCancelling ? requestId : undefined }
}

/** Without an id it is a notification. */
type Plain = { id: Id | undefined; method: string; params: Record<string, unknown> }
type Request = Plain & { id: Id }

const isRequest = (plain: Plain): plain is Request => plain.id !== undefined

/** A single message without anything that is rare. */
const readPlain = (body: Buffer): Plain | undefined => {
  const message = parse(body)
  if (message?.['jsonrpc'] !== '2.0') return undefined
  const { id, method, params = {} } = message
  if (typeof method !== 'string' || !isObject(params) || hasRareParams(params)) return undefined
  const isSound = 'id' in message ? isId(id) : true
  return isSound ? { id: isId(id) ? id : undefined, method, params } : undefined
}

const MESSAGE_KEYS = new Set(['jsonrpc', 'id', 'method', 'params'])

const isKnown = (message: object): boolean =>
  Object.keys(message).every((key) => MESSAGE_KEYS.has(key))

const parse = (body: Buffer): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isObject(value) && isKnown(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Tasks and retries with input are rare. */
const hasRareParams = (params: object): boolean =>
  'task' in params || 'inputResponses' in params || 'requestState' in params

const modernMessage = (
  headers: IncomingHttpHeaders,
  { id, method, params }: Request,
): HotMessage | undefined => {
  if (headers['mcp-method'] !== method || !isModernMeta(params['_meta'])) return undefined
  if (method === 'tools/call')
    return headers['mcp-name'] === params['name'] ? callOf('modern', id, params) : undefined
  if (method === 'tools/list') return listOf('modern', id, params)
  return method === 'server/discover' ? { kind: 'discover', era: 'modern', id } : undefined
}

const legacyMessage = ({ id, method, params }: Request): HotMessage | undefined => {
  if (method === 'tools/call') return callOf('legacy', id, params)
  if (method === 'tools/list') return listOf('legacy', id, params)
  if (method === 'ping') return { kind: 'ping', era: 'legacy', id }
  return method === 'initialize' ? initializeOf(id, params) : undefined
}

const callOf = (
  era: Era,
  id: Id,
  { name, arguments: args = {}, _meta: meta }: Record<string, unknown>,
): HotMessage | undefined =>
  typeof name === 'string' && isObject(args) && !Object.hasOwn(args, '__proto__')
    ? { kind: 'call', era, id, name, args, progressToken: progressTokenOf(meta) }
    : undefined

const progressTokenOf = (meta: unknown): Id | undefined => {
  const token = isObject(meta) ? meta['progressToken'] : undefined
  return isId(token) ? token : undefined
}

/** There is one page, whatever the cursor says. */
const listOf = (
  era: Era,
  id: Id,
  { cursor = '' }: Record<string, unknown>,
): HotMessage | undefined => (typeof cursor === 'string' ? { kind: 'list', era, id } : undefined)

const initializeOf = (
  id: Id,
  { protocolVersion, capabilities, clientInfo }: Record<string, unknown>,
): HotMessage | undefined => {
  const version = LEGACY_VERSIONS.find((one) => one === protocolVersion)
  return version && isClientCapabilities(capabilities) && isClientInfo(clientInfo)
    ? { kind: 'initialize', era: 'legacy', id, version }
    : undefined
}

const isLegacyExchange = (
  { accept = '' }: IncomingHttpHeaders,
  version: string | string[] | undefined,
): boolean =>
  (version === undefined || LEGACY_VERSIONS.some((one) => one === version)) &&
  accept.includes('application/json') &&
  accept.includes('text/event-stream')

const isToken = (token: unknown): boolean => token === undefined || isId(token)

/** Without any claim that the SDK reads. */
const isLegacyMeta = (meta: unknown): boolean =>
  meta === undefined ||
  (isObject(meta) &&
    isToken(meta['progressToken']) &&
    !Object.keys(meta).some((key) => key.startsWith(META)))

const MODERN_KEYS = new Set([VERSION_KEY, CAPABILITIES_KEY, INFO_KEY])

const isModernMeta = (meta: unknown): boolean =>
  isObject(meta) &&
  meta[VERSION_KEY] === MODERN_VERSION &&
  isClientCapabilities(meta[CAPABILITIES_KEY]) &&
  (meta[INFO_KEY] === undefined || isClientInfo(meta[INFO_KEY])) &&
  isToken(meta['progressToken']) &&
  Object.keys(meta).every((key) => !key.startsWith(META) || MODERN_KEYS.has(key))
