import { newNotes, type HeadNotes } from '../head-notes.ts'
import type { HeaderList } from '../headers.ts'

/** A request head that no two readers understand differently. */
export type PlainHead = {
  method: string
  target: string
  /** The names in lower case, each once. */
  headers: HeaderList
  notes: HeadNotes
  /** Bytes of the body. */
  length: number
  /** Whether the client wants to use its connection again. */
  keepsAlive: boolean
}

const REQUEST_LINE = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/[!"$-~]*) HTTP\/1\.1$/
/** The value has neither control characters nor what JavaScript takes for a blank and HTTP does not. */
const LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\x9f\xa1-\xff]*$/
const LENGTH = /^\d{1,15}$/

/** They change how the request or its connection is to be read. */
const NOT_PLAIN = new Set([
  'transfer-encoding', 'upgrade', 'http2-settings', 'expect', 'trailer', 'te', 'proxy-connection',
]) // prettier-ignore

/**
 * Reads a request head of the plainest form: HTTP/1.1, a path, every header once, a body with a length or none. Whatever
 * else there is in HTTP (RFC 9112), well-formed or not, is not for this reader to judge.
 *
 * @param text without the empty line at its end, bytes as latin1
 * @returns undefined when it is not of that form
 */
export const readPlainHead = (text: string): PlainHead | undefined => {
  const lines = text.split('\r\n')
  const start = REQUEST_LINE.exec(lines[0] ?? '')
  if (!start) return undefined
  const [, method = '', target = ''] = start
  const headers: string[] = []
  const head: PlainHead = { method, target, headers, notes: newNotes(), length: 0, keepsAlive: true } // prettier-ignore
  for (let index = 1; index < lines.length; index++)
    if (!takeLine(lines[index] ?? '', head, headers)) return undefined
  return head
}

const takeLine = (line: string, head: PlainHead, headers: string[]): boolean => {
  if (!LINE.test(line)) return false
  const colon = line.indexOf(':')
  const lower = line.slice(0, colon).toLowerCase()
  if (headers.includes(lower) || NOT_PLAIN.has(lower)) return false
  const trimmed = line.slice(colon + 1).trim()
  headers.push(lower, trimmed)
  if (lower === 'content-length') return takeLength(trimmed, head)
  return lower !== 'connection' || takeConnection(trimmed.toLowerCase(), head)
}

const takeLength = (value: string, head: PlainHead): boolean => {
  head.length = Number(value)
  return LENGTH.test(value)
}

const takeConnection = (wish: string, head: PlainHead): boolean => {
  head.keepsAlive = wish !== 'close'
  return wish === 'close' || wish === 'keep-alive'
}
