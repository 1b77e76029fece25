import { AppError } from '../../base/errors.ts'
import { isInternal } from '../headers.ts'
import { UNPROCESSED_HEADER, USAGE_HEADER } from '../../model/host-protocol.ts'

/** How long the body of an answer is: so many bytes, chunked, or until the connection closes. */
type Framing = number | 'chunked' | 'until-close'

export type AnswerHead = {
  status: number
  reason: string
  /** Names and values in turn, as they came; those of the connection are left out (RFC 9110 §7.6.1). */
  headers: string[]
  framing: Framing
  isEventStream: boolean
  /** Names of the trailers to come, as far as they were told. */
  trailer: string | undefined
  /** Undefined: the connection ends with this answer. Otherwise how long it may be used again, as far as was said. */
  reusableMs: number | undefined
  /** The host says that it did nothing with the request, and that it may be sent again. */
  isUnprocessed: boolean
  /** The API of the service answered 401 or 403 to the tool that was called. */
  isKeyRefused: boolean
  /** What the host said of the tool that was called. */
  toolUsage: string | undefined
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/
/** Whatever else stands in a value could end the line for somebody (RFC 9110 §5.5). */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** What a head says beside the headers that pass. */
type Said = {
  lengths: string[]
  encodings: string[]
  connection: string
  keepAlive: string
  type: string
  trailer: string | undefined
  isUnprocessed: boolean
  isKeyRefused: boolean
  toolUsage: string | undefined
}

const REFUSED = /"status":40[13]\b/

const NOTES = new Map<string, (said: Said, value: string) => void>(
  Object.entries({
    'content-length': (said, value) => said.lengths.push(value),
    'transfer-encoding': (said, value) => said.encodings.push(value.toLowerCase()),
    connection: (said, value) => (said.connection += `,${value.toLowerCase()}`),
    'keep-alive': (said, value) => (said.keepAlive = value),
    'content-type': (said, value) => (said.type = value),
    trailer: (said, value) => (said.trailer = value),
    [UNPROCESSED_HEADER]: (said) => (said.isUnprocessed = true),
    // Names of tools have no quotes.
    [USAGE_HEADER]: (said, value) => {
      said.isKeyRefused = REFUSED.test(value)
      said.toolUsage = value
    },
  } satisfies Record<string, (said: Said, value: string) => void>),
)

/** Of the connection between gateway and host. */
const KEPT_BACK = new Set([
  'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'te', 'upgrade', 'trailer',
]) // prettier-ignore

/**
 * Reads status line and headers of an answer, strictly: what is not plainly well formed might be understood otherwise by
 * the client (RFC 9112 §5.1, §5.2, §6.3).
 *
 * @param text without the empty line at its end, bytes as latin1
 * @param isHead whether it answers a HEAD request
 * @throws AppError `service_unavailable` with status 502
 */
export const parseAnswerHead = (text: string, isHead: boolean): AnswerHead => {
  const lines = text.split('\r\n')
  const [, minor = '', status = '', reason = ''] = statusLineOf(lines)
  const said: Said = { lengths: [], encodings: [], connection: '', keepAlive: '', type: '', trailer: undefined, isUnprocessed: false, isKeyRefused: false, toolUsage: undefined } // prettier-ignore
  const headers: string[] = []
  for (let index = 1; index < lines.length; index++) takeLine(lines[index] ?? '', said, headers)
  const code = Number(status)
  const framing = framingOf(said, isHead || hasNoBody(code))
  return {
    status: code,
    reason,
    headers: said.connection === '' ? headers : withoutNominated(headers, said.connection),
    framing,
    isEventStream: said.type.startsWith('text/event-stream'),
    trailer: said.trailer,
    reusableMs: framing === 'until-close' ? undefined : reusableMs(said, minor),
    isUnprocessed: said.isUnprocessed,
    isKeyRefused: said.isKeyRefused,
    toolUsage: said.toolUsage,
  }
}

const statusLineOf = ([line = '']: string[]): RegExpExecArray => {
  const match = STATUS_LINE.exec(line)
  if (!match) throw malformed('its status line')
  return match
}

const takeLine = (line: string, said: Said, headers: string[]): void => {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0))
  // A folded line begins with a blank, which no name has.
  const value = line.slice(colon + 1).trim()
  if (!NAME.test(name) || !VALUE.test(value)) throw malformed('a header')
  const lower = name.toLowerCase()
  NOTES.get(lower)?.(said, value)
  if (!KEPT_BACK.has(lower) && !isInternal(lower)) headers.push(name, value)
}

const hasNoBody = (status: number): boolean => status < 200 || status === 204 || status === 304

const framingOf = ({ lengths, encodings }: Said, isEmpty: boolean): Framing => {
  const [length] = lengths
  if (lengths.length > 1 || (length !== undefined && !/^\d{1,15}$/.test(length)))
    throw malformed('its length')
  if (isEmpty) return 0
  if (encodings.length === 0) return length === undefined ? 'until-close' : Number(length)
  // Both, or another coding: whoever guesses, guesses differently.
  if (length !== undefined || encodings.join() !== 'chunked') throw malformed('its framing')
  return 'chunked'
}

/** As long as nothing else is said, longer than the gateway keeps a connection. */
const UNTOLD_MS = 3_600_000

const reusableMs = ({ connection, keepAlive }: Said, minor: string): number | undefined => {
  const wishes = connection === '' ? [] : connection.split(',').map((wish) => wish.trim())
  if (wishes.includes('close') || (minor === '0' && !wishes.includes('keep-alive')))
    return undefined
  const timeout = /timeout=(\d{1,6})/.exec(keepAlive)?.[1]
  return timeout === undefined ? UNTOLD_MS : Number(timeout) * 1000
}

const PLAIN_CONNECTION = /^,(?:close|keep-alive)$/

/** A header that the connection header names is of the connection too. */
const withoutNominated = (headers: string[], connection: string): string[] => {
  if (PLAIN_CONNECTION.test(connection)) return headers
  const named = new Set(connection.split(',').map((name) => name.trim()))
  return headers.filter((_, index) => !named.has((headers[index & ~1] ?? '').toLowerCase()))
}

/** @param what of the answer is wrong */
export const malformed = (what: string): AppError =>
  new AppError('service_unavailable', `The service's answer is not well-formed HTTP: ${what}.`, { status: 502 }) // prettier-ignore
